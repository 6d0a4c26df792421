import { createSocket } from "node:dgram";
import { once } from "node:events";

/** What a scripted camera says of itself by WS-Discovery. */
export interface OnvifAnswers {
  /** Its own address. */
  readonly host: string;
  /** Its device service. */
  readonly url: string;
  readonly name: string;
  readonly hardware: string;
  /** Answers as a computer does, that is no camera. */
  readonly computer?: boolean;
}

/** Answers probes of WS-Discovery on the network of `host`, to whoever asked, as cameras do. */
export async function answerProbes({ host, url, name, hardware, computer = false }: OnvifAnswers): Promise<Disposable> {
  const socket = createSocket({ type: "udp4", reuseAddr: true });
  socket.bind(3702);
  await once(socket, "listening");
  socket.addMembership("239.255.255.250", host);
  socket.on("message", (bytes, { address, port }) => {
    const [, id = ""] = /MessageID>([^<]+)</.exec(String(bytes)) ?? [];
    if (!/<d:Probe>/.test(String(bytes)) || id === "") return;
    const types = computer ? "pub:Computer" : "dn:NetworkVideoTransmitter tds:Device";
    const scopes = computer
      ? ""
      : `onvif://www.onvif.org/type/video_encoder onvif://www.onvif.org/name/${encodeURIComponent(name)} onvif://www.onvif.org/hardware/${encodeURIComponent(hardware)}`;
    socket.send(
      `<?xml version="1.0" encoding="UTF-8"?><env:Envelope xmlns:env="http://www.w3.org/2003/05/soap-envelope" xmlns:wsa="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"><env:Header><wsa:RelatesTo>${id}</wsa:RelatesTo></env:Header><env:Body><d:ProbeMatches><d:ProbeMatch><wsa:EndpointReference><wsa:Address>urn:uuid:2419d68a-2dd2-21b2-a205-${host.replaceAll(".", "")}</wsa:Address></wsa:EndpointReference><d:Types>${types}</d:Types><d:Scopes>${scopes}</d:Scopes><d:XAddrs>${url}</d:XAddrs><d:MetadataVersion>10</d:MetadataVersion></d:ProbeMatch></d:ProbeMatches></env:Body></env:Envelope>`,
      port,
      address,
    );
  });
  return { [Symbol.dispose]: () => socket.close() };
}
