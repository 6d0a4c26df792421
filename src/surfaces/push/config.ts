import { z } from "zod";

/** `push:` of the configuration. */
export const pushConfig = z
  .strictObject({
    subject: z
      .string()
      .max(256)
      .regex(/^(mailto:[^\s@]+@[^\s@]+\.[^\s@]+|https:\/\/[^\s/]+\.[^\s]+)$/, "mailto:you@example.org or https://...")
      .optional()
      .describe(
        "How push services reach whoever runs this hub (RFC 8292), e.g. mailto:you@example.org: a real address. Without it no phone is rung while its page is closed.",
      ),
  })
  .prefault({})
  .describe("Notifications on phones and computers whose page is closed (Web Push).");

/** {@link pushConfig} */
export type PushConfig = z.output<typeof pushConfig>;
