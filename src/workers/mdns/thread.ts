import { parentPort, workerData } from "node:worker_threads";
import { type CiaoService, getResponder } from "@homebridge/ciao";
import { background } from "../../util/background.ts";
import { messageOf } from "../../util/errors.ts";
import type { Announcement, FromMdns, MdnsService, ToMdns } from "./messages.ts";

// The library hooks the stack traces and the console of whoever loads it, and reads what anybody on the network sends.
const port = parentPort;
if (!port) throw new Error("this file is a thread of the hub");
const tell = (message: FromMdns) => port.postMessage(message);
const { services, interfaces, addresses, ipv4Only } = workerData as Announcement;
const responder = getResponder({ interface: [...interfaces], advertiseIpv4: true, advertiseIpv6: !ipv4Only });
const trouble = (error: unknown) => tell({ type: "trouble", message: messageOf(error) });

port.on("message", ({ type }: ToMdns) => {
  if (type === "close") background(end(), trouble);
});
for (const service of services) background(announce(service), trouble);

async function announce(wanted: MdnsService): Promise<void> {
  const service = responder.createService({
    ...{ name: wanted.name, type: wanted.type, port: wanted.port, txt: { ...wanted.txt } },
    ...{ hostname: wanted.hostname, restrictedAddresses: [...addresses], disabledIpv6: ipv4Only },
  });
  keepName(service, wanted);
  await service.advertise();
  tell({ type: "announced", service: wanted.type, name: wanted.name });
}

/** A name that somebody else has is given up for the next one; who reads the TXT record finds the same name there. */
function keepName(service: CiaoService, { type, txt }: MdnsService): void {
  service.on("name-change", (name: string) => {
    if (txt["name"] !== undefined) service.updateTxt({ ...txt, name });
    tell({ type: "announced", service: type, name });
  });
  service.on("hostname-change", () => {});
}

/** Says goodbye, so that nobody shows a hub that is gone. */
async function end(): Promise<void> {
  await responder.shutdown();
  port?.close();
}
