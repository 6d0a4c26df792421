import { z } from "zod";
import {
  changedByDevice,
  connectionShape,
  type DeviceInput,
  deviceChangeSchema,
  newDeviceSchema,
  settingsJsonSchema,
} from "../../../hub/device-settings.ts";
import type { AuditAction } from "../../../identity/audit.ts";
import type { Immutable } from "../../../util/immutable.ts";
import { deviceView, deviceViewSchema } from "../../device-view.ts";
import { Problem } from "../../problem.ts";
import { type Call, deviceParams, type Route, route } from "../../route.ts";
import type { HttpContext } from "../context.ts";
import { probeDevice } from "../probe-device.ts";

const probeBody = z.strictObject({
  address: connectionShape.address,
  username: connectionShape.username,
  password: connectionShape.password,
  driver: connectionShape.driver,
});

const probeAnswer = deviceViewSchema
  .pick({ id: true, state: true, tracks: true, speaker: true })
  .extend({ driver: z.string() });

/** What {@link probeDevice} answers: a preview that lives for two minutes. */
export type ProbeAnswer = Immutable<z.infer<typeof probeAnswer>>;

/** Devices: what is there, and what administrators do with them. */
export function deviceRoutes(context: HttpContext): readonly Route[] {
  const { devices, identity, reception } = context.hub;
  const { audit, policy } = identity;
  const answer = { description: "The device", schema: deviceViewSchema };
  const note = (call: Pick<Call, "principal">, action: AuditAction, subject: string) =>
    audit.record({ actor: call.principal.name, action, subject });
  return [
    route({
      method: "GET",
      path: "/api/v1/devices",
      summary: "The devices that you may see, each with your rights",
      right: "signed-in",
      answers: { 200: { description: "The devices", schema: z.object({ devices: z.array(deviceViewSchema) }) } },
      handle: ({ principal }) => {
        const views = devices.list().map((device) => deviceView(device, { principal, policy }));
        return { devices: views.filter((view) => view !== undefined) };
      },
    }),
    route({
      method: "GET",
      path: "/api/v1/device-settings",
      summary: "The settings that every device has, as a JSON Schema",
      right: "signed-in",
      answers: { 200: { description: "JSON Schema of the settings", schema: z.looseObject({}) } },
      handle: () => settingsJsonSchema(),
    }),
    route({
      method: "POST",
      path: "/api/v1/devices",
      summary: "Adds a device",
      right: "administer",
      body: newDeviceSchema,
      answers: { 201: answer },
      handle: async (call) => {
        const device = await devices.add(call.body);
        note(call, "device-added", device.id);
        return deviceView(device, { principal: call.principal, policy });
      },
    }),
    route({
      method: "PATCH",
      path: "/api/v1/devices/:id",
      summary: "Changes a device",
      right: "administer",
      subject: "path",
      params: deviceParams,
      body: deviceChangeSchema,
      answers: { 200: answer },
      handle: async (call) => {
        refuseReaching(call, { context });
        const device = await devices.update(call.device.id, withoutNull(call.body));
        note(call, "device-changed", device.id);
        return deviceView(device, { principal: call.principal, policy });
      },
    }),
    ...optionRoutes(context),
    route({
      method: "DELETE",
      path: "/api/v1/devices/:id",
      summary: "Removes a device",
      right: "administer",
      subject: "path",
      params: deviceParams,
      answers: { 204: { description: "Removed" } },
      handle: async (call) => {
        await devices.remove(call.device.id);
        await reception.forget(call.device.id);
        note(call, "device-removed", call.device.id);
      },
    }),
    route({
      method: "POST",
      path: "/api/v1/devices/:id/restart",
      summary: "Lets go of a device and connects again",
      right: "administer",
      subject: "path",
      params: deviceParams,
      answers: { 202: { description: "Restarting" } },
      handle: (call) => {
        call.device.restart().catch((error) => context.hub.log.error({ err: error }, "restart failed"));
        note(call, "device-restarted", call.device.id);
      },
    }),
    route({
      method: "POST",
      path: "/api/v1/probe",
      summary: "Finds out what is at an address: a preview device for two minutes",
      right: "administer",
      perMinute: 60,
      body: probeBody,
      answers: { 200: { description: "What was found so far", schema: probeAnswer } },
      handle: (call) => probeDevice(call, context),
    }),
  ];
}

const optionValue = z.union([z.string().max(1024), z.number(), z.boolean()]);
const optionsAnswer = z.object({ kind: z.string(), options: z.record(z.string(), optionValue) });

/** What is set of a device's driver; `GET /api/v1/drivers` has the schema. */
function optionRoutes({ hub }: HttpContext): readonly Route[] {
  const told = (id: string) => ({ kind: hub.devices.get(id)?.info().kind ?? "", options: hub.devices.options(id) });
  const answers = { 200: { description: "The options that are set, without secrets", schema: optionsAnswer } };
  return [
    route({
      method: "GET",
      path: "/api/v1/devices/:id/options",
      summary: "What is set of a device's driver, without secrets",
      right: "administer",
      params: deviceParams,
      answers,
      handle: ({ params }) => told(params.id),
    }),
    route({
      method: "PATCH",
      path: "/api/v1/devices/:id/options",
      summary: "Sets options of a device's driver; null is the default, and what is not named stays",
      right: "administer",
      params: deviceParams,
      body: z.record(z.string().min(1).max(64), optionValue.nullable()),
      answers,
      handle: async ({ params, body, principal }) => {
        await hub.devices.setOptions(params.id, body);
        hub.identity.audit.record({ actor: principal.name, action: "device-changed", subject: params.id });
        return told(params.id);
      },
    }),
  ];
}

function withoutNull(patch: z.infer<typeof deviceChangeSchema>): Partial<DeviceInput> {
  return Object.fromEntries(Object.entries(patch).map(([field, value]) => [field, value ?? undefined]));
}

function refuseReaching(call: Call<unknown, unknown, object>, how: { readonly context: HttpContext }): void {
  if (how.context.hub.identity.policy.allows(call.principal, "administer")) return;
  const refused = Object.keys(call.body).filter((field) => !changedByDevice.has(field));
  if (refused.length === 0) return;
  const settings = refused.join(", ");
  throw new Problem(403, {
    code: "forbidden",
    detail: `Only an administrator may change: ${settings}.`,
    fields: { settings },
  });
}
