import { z } from "zod";
import { stationSettingsSchema } from "./settings.ts";

/** What a room station keeps over restarts. */
export const roomStateSchema = z.object({
  settings: stationSettingsSchema.prefault({}),
  /** By which the hub knows it; secret. */
  token: z.string().max(128).optional(),
  /** The hub's own certificate authority (PEM). */
  ca: z.string().max(16_384).optional(),
});

/** {@link roomStateSchema} */
export type RoomState = z.output<typeof roomStateSchema>;
