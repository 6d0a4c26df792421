import { z } from "zod";
import { problemSchema } from "../problem.ts";
import type { Route, RouteAnswer } from "../route.ts";
import { cookieNames } from "./sign-in.ts";

/** A JSON object. */
type Json = Readonly<Record<string, unknown>>;

/** The API's document (OpenAPI 3.1), made of the routes' declarations. */
export function openApiDocument(routes: readonly Route[], options: { readonly version: string }): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) {
    const path = openApiPath(route.path);
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Doorward",
      version: options.version,
      description: "Errors are application/problem+json (RFC 9457). Writes need the header x-doorward: 1.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/" }],
    paths,
    components: {
      schemas: { Problem: schemaOf(problemSchema, "output") },
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer" },
        cookie: { type: "apiKey", in: "cookie", name: cookieNames.secure },
      },
    },
  };
}

/** `/devices/:id` as OpenAPI writes it: `/devices/{id}`. */
export function openApiPath(path: string): string {
  return path.replace(/:(\w+)/g, "{$1}");
}

function operation(route: Route): Json {
  const open = route.right === "none" || route.right === "code";
  return {
    operationId: `${route.method.toLowerCase()}${route.path.replace(/\W+(\w)/g, (_all, letter: string) => letter.toUpperCase())}`,
    summary: route.summary,
    tags: [route.path.startsWith("/whep") ? "whep" : (route.path.split("/")[3] ?? "system")],
    "x-right": route.right,
    ...(route.proof && { "x-proof": route.proof }),
    security: open ? [] : [{ bearer: [] }, { cookie: [] }],
    parameters: [...parameters(route, "path"), ...parameters(route, "query"), ...pageHeader(route)],
    ...(route.body && { requestBody: requestBody(route) }),
    responses: {
      ...Object.fromEntries(Object.entries(route.answers).map(([status, answer]) => [status, response(answer)])),
      default: {
        description: "What went wrong",
        content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
      },
    },
  };
}

function parameters(route: Route, where: "path" | "query"): readonly Json[] {
  const schema = where === "path" ? route.params : route.query;
  if (!schema) return [];
  const { properties = {}, required = [] } = schemaOf(schema, "input") as {
    readonly properties?: Readonly<Record<string, Json>>;
    readonly required?: readonly string[];
  };
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: where,
    required: where === "path" || required.includes(name),
    schema: property,
  }));
}

function pageHeader(route: Route): readonly Json[] {
  if (route.method === "GET") return [];
  return [
    {
      name: "x-doorward",
      in: "header",
      required: !route.bearerWrites && !route.ownCredential,
      schema: { type: "string", const: "1" },
    },
  ];
}

function requestBody(route: Route): Json {
  const schema = route.body ? schemaOf(route.body, "input") : {};
  return { required: true, content: { [route.bodyType ?? "application/json"]: { schema } } };
}

function response(answer: RouteAnswer): Json {
  const { description, schema, mediaType } = answer;
  if (schema) return { description, content: { "application/json": { schema: schemaOf(schema, "output") } } };
  if (mediaType) return { description, content: { [mediaType]: { schema: { type: "string" } } } };
  return { description };
}

function schemaOf(schema: z.ZodType, io: "input" | "output"): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  return rest;
}
