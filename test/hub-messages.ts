import assert from "node:assert/strict";
import { hubMessageSchemas } from "../src/surfaces/page/hub-schemas.ts";

/** Fails unless a message of the hub is what its schema says, and holds nothing besides; gives its type. */
export function checkHubMessage(text: string): string {
  const message = JSON.parse(text) as { readonly type: string };
  const schema = (hubMessageSchemas as Readonly<Record<string, { parse(value: unknown): unknown }>>)[message.type];
  assert.ok(schema, `no schema of ${text}`);
  // What a schema does not name is left out of what it gives: nothing may be missing there.
  assert.deepEqual(schema.parse(message), message, text);
  return message.type;
}
