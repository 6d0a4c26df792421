// The contract stands in media/, so that the hub can name it without knowing the worker.
export type * from "../../media/viewer.ts";
