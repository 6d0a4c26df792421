import { z } from "zod";

/** `supervisor:` of the configuration. */
export const supervisorConfig = z
  .strictObject({
    url: z
      .url({ protocol: /^https?$/ })
      .default("http://supervisor")
      .describe("Where Home Assistant's Supervisor answers."),
    hub: z
      .url({ protocol: /^https?$/ })
      .default("http://127.0.0.1:8480")
      .describe("Where Home Assistant reaches this hub."),
  })
  .optional()
  .describe(
    "For the app of Home Assistant: the integration is given the hub, with a token of its own. Off unless it is written down.",
  );

/** {@link supervisorConfig} */
export type SupervisorConfig = NonNullable<z.output<typeof supervisorConfig>>;
