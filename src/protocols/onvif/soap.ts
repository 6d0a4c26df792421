import { createHash, randomBytes, randomUUID } from "node:crypto";
import { FatalError, RecoverableError } from "../../util/errors.ts";
import type { Credentials } from "../rtsp/auth.ts";
import { child, escapeXml, parseXml, textAt, type XmlNode } from "./xml.ts";

const security = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity";

/** One request by SOAP 1.2. */
export interface SoapRequest {
  /** What it does (WS-Addressing). */
  readonly action: string;
  /** XML of the body. */
  readonly body: string;
  /** Where it goes to, for services that ask for it. */
  readonly to?: string | undefined;
  /** XML that a subscription's address came with, and wants back. */
  readonly reference?: string | undefined;
}

/** Who asks, and what the camera's clock shows. */
export interface SoapAuthor {
  readonly credentials: Credentials;
  /** Milliseconds since 1970, by the camera's clock: it refuses a time that is not its own. */
  readonly atMs: number;
  /** Only for tests. */
  readonly nonce?: Buffer;
}

/** The request as a document, signed where there are credentials (WS-Security, UsernameToken with a digest). */
export function writeEnvelope({ action, body, to, reference = "" }: SoapRequest, author?: SoapAuthor): string {
  const addressing =
    to === undefined
      ? ""
      : `<a:Action>${action}</a:Action><a:MessageID>urn:uuid:${randomUUID()}</a:MessageID><a:To>${escapeXml(to)}</a:To>`;
  return `<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://www.w3.org/2005/08/addressing"><s:Header>${addressing}${reference}${author ? token(author) : ""}</s:Header><s:Body>${body}</s:Body></s:Envelope>`;
}

/** The body of an answer. Throws FatalError `wrong-password`, RecoverableError with what the camera says, WireError. */
export function readEnvelope(text: string): XmlNode {
  const body = child(parseXml(text), "Envelope", "Body");
  if (!body) throw new RecoverableError("the camera's answer is no SOAP", { code: "no-soap" });
  const fault = child(body, "Fault");
  if (!fault) return body;
  const code = textAt(fault, "Code", "Subcode", "Value") ?? textAt(fault, "faultcode") ?? "";
  const inner = textAt(fault, "Code", "Subcode", "Subcode", "Value") ?? "";
  const reason = textAt(fault, "Reason", "Text") ?? textAt(fault, "faultstring") ?? code;
  if (/NotAuthorized|FailedAuthentication|InvalidSecurity/i.test(`${code} ${inner}`)) throw refusedLogin();
  throw new RecoverableError(`the camera says: ${reason.slice(0, 200)}`, { code: "fault" });
}

/** The camera does not know the user name or password. */
export function refusedLogin(): FatalError {
  return new FatalError("the camera refuses the user name or password (ONVIF)", { code: "wrong-password" });
}

function token({ credentials, atMs, nonce = randomBytes(16) }: SoapAuthor): string {
  const created = new Date(Math.floor(atMs / 1000) * 1000).toISOString().replace(".000", "");
  const digest = createHash("sha1").update(nonce).update(created).update(credentials.password).digest("base64");
  return `<w:Security xmlns:w="${security}-secext-1.0.xsd" xmlns:u="${security}-utility-1.0.xsd" s:mustUnderstand="1"><w:UsernameToken><w:Username>${escapeXml(credentials.username)}</w:Username><w:Password Type="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest">${digest}</w:Password><w:Nonce EncodingType="${"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0"}#Base64Binary">${nonce.toString("base64")}</w:Nonce><u:Created>${created}</u:Created></w:UsernameToken></w:Security>`;
}
