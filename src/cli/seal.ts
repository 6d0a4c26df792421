import { configSchema } from "../config.ts";
import { createDrivers } from "../drivers/index.ts";
import { ConfigFile } from "../hub/config-file.ts";
import { writeDevice } from "../hub/device-book.ts";
import { deviceInputs } from "../hub/device-input.ts";
import { hasPlainSecret, sealDevice, secretOptionsOf } from "../hub/device-secrets.ts";
import { devicePasswords } from "../hub/hub.ts";
import { isSealed } from "../identity/seal.ts";
import { type MqttConfig, mqttSecrets } from "../surfaces/mqtt/config.ts";
import { FatalError } from "../util/errors.ts";
import type { FfmpegWorker } from "../workers/ffmpeg/index.ts";
import type { Command, CommandContext } from "./command.ts";
import { hubFlagsHelp, parseHubOptions } from "./hub-options.ts";
import { withIdentity } from "./identity.ts";

const usage = `usage: doorward seal [options]

Seals every password that stands in plain text in the configuration file, in its own field, in an address or in a
driver's options. Sealed, it opens only with this hub's key (the file "key" in its data folder, or $DOORWARD_KEY).
A hub that is running takes the file up without connecting again.

${hubFlagsHelp}

exit code: 0 nothing stands there in plain text any more, 1 could not be done
`;

/** `doorward seal`. */
export const command: Command = { name: "seal", summary: "seal the passwords in the configuration file", usage, run };

async function run(args: readonly string[], context: CommandContext): Promise<number> {
  const options = parseHubOptions(args);
  const file = new ConfigFile({ path: options.configPath, schema: configSchema, clock: context.clock });
  const config = await file.read();
  if (!config) throw new FatalError(`there is no ${options.configPath}`);
  const secretOptions = driverSecrets();
  const plain = [...deviceInputs(config)].filter(([, input]) => hasPlainSecret(input, secretOptions));
  const inMqtt = plainMqttSecrets(config.mqtt);
  if (plain.length > 0 || inMqtt.length > 0) {
    await withIdentity(options.dataDir, context, async (identity) => {
      const { seal } = devicePasswords(identity);
      const sealMqtt = (text: unknown) => identity.sealer.seal(String(text), { purpose: mqttSecrets });
      await file.edit((document) => {
        for (const path of inMqtt) document.setIn(path, sealMqtt(document.getIn(path)));
        for (const [id, input] of plain) {
          writeDevice(document, { id, input: sealDevice({ ...input, id }, { seal, secretOptions }) });
        }
      });
      return 0;
    });
  }
  const ids = [...plain.map(([id]) => id), ...inMqtt.map((path) => path.join("."))];
  const text = ids.length === 0 ? "nothing stood there in plain text" : `sealed: ${ids.join(", ")}`;
  context.stdout.write(`${options.json ? JSON.stringify({ sealed: ids }) : text}\n`);
  return 0;
}

/** Where passwords of MQTT stand in plain text in the configuration. */
export function plainMqttSecrets(mqtt: MqttConfig | undefined): readonly (readonly string[])[] {
  const places: (readonly [readonly string[], string | undefined])[] = [
    [["mqtt", "password"], mqtt?.password],
    ...Object.entries(mqtt?.accounts ?? {}).map(([name, secret]) => [["mqtt", "accounts", name], secret] as const),
  ];
  return places.filter(([, secret]) => secret !== undefined && !isSealed(secret)).map(([path]) => path);
}

/** Names of the drivers' options that are secret. */
export function driverSecrets(): ReadonlySet<string> {
  return secretOptionsOf(createDrivers({ converter: undefined as unknown as FfmpegWorker }));
}
