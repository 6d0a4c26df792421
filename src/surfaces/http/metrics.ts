import type { Registry } from "prom-client";
import type { DropReason } from "../../media/reader.ts";
import type { Metric } from "../surface.ts";
import { callMetrics } from "./call-metrics.ts";
import type { HttpContext } from "./context.ts";
import { conversionMetrics } from "./conversion-metrics.ts";
import type { HttpCounters } from "./http-counters.ts";
import { timeMetrics } from "./time-metrics.ts";

type Prom = typeof import("prom-client");

/** What the label `reason` says. */
const dropReasons: Readonly<Record<DropReason, string>> = {
  droppedSlow: "slow",
  droppedWaitingKey: "waiting-for-key-frame",
  droppedOldAudio: "old-audio",
};

/** The hub's numbers in Prometheus' text form, read from where they are kept when they are asked for. */
export async function renderMetrics(
  context: HttpContext,
  counters: HttpCounters,
): Promise<{ readonly text: string; readonly contentType: string }> {
  // Loaded at the first scrape: most hubs are never scraped, and start-up is measured.
  const prom: Prom = (await import("prom-client")).default;
  const registry = new prom.Registry();
  addProcess(prom, registry);
  addDevices(prom, { registry, context });
  const requests = new prom.Counter({
    name: "doorward_http_requests_total",
    help: "Answers by route and status",
    labelNames: ["route", "status"],
    registers: [registry],
  });
  for (const { route, status, count } of counters.list()) requests.inc({ route, status: String(status) }, count);
  gauge(prom, registry, { name: "doorward_viewers", help: "WebRTC viewers", value: context.viewings.size });
  const attached = context.hub.identity.attachments.size;
  gauge(prom, registry, { name: "doorward_attachments", help: "Open sockets and media of people", value: attached });
  addStore(prom, { registry, context });
  for (const metric of conversionMetrics(context.hub.pictures)) addMetric(prom, registry, metric);
  const lost = new prom.Counter({
    name: "doorward_speech_lost_frames_total",
    help: "Frames of talkers that were lost: on the way to the hub, in a conversion that was behind, at a slow speaker",
    labelNames: ["where"],
    registers: [registry],
  });
  for (const [where, frames] of Object.entries(context.hub.voices.lost)) lost.inc({ where }, frames);
  for (const metric of context.others.flatMap((surface) => surface.metrics?.() ?? []))
    addMetric(prom, registry, metric);
  return {
    text: `${await registry.metrics()}${callMetrics(context.hub)}${timeMetrics(context.hub)}`,
    contentType: registry.contentType,
  };
}

function addMetric(prom: Prom, registry: Registry, { name, help, type, values }: Metric): void {
  const labelNames = Object.keys(values[0]?.labels ?? {});
  const made = type === "counter" ? prom.Counter : prom.Gauge;
  const shown = new made({ name, help, labelNames, registers: [registry] });
  for (const { labels = {}, value } of values) shown.inc(labels, value);
}

function addProcess(prom: Prom, registry: Registry): void {
  const { rss, heapUsed } = process.memoryUsage();
  const { userCPUTime, systemCPUTime } = process.resourceUsage();
  const cpu = new prom.Counter({
    name: "process_cpu_seconds_total",
    help: "CPU time of the hub's process",
    registers: [registry],
  });
  cpu.inc((userCPUTime + systemCPUTime) / 1e6);
  gauge(prom, registry, { name: "process_resident_memory_bytes", help: "Memory of the hub's process", value: rss });
  gauge(prom, registry, { name: "nodejs_heap_size_used_bytes", help: "JavaScript memory in use", value: heapUsed });
  const startSeconds = Date.now() / 1000 - process.uptime();
  gauge(prom, registry, { name: "process_start_time_seconds", help: "Start of the process", value: startSeconds });
}

function addStore(prom: Prom, to: { readonly registry: Registry; readonly context: HttpContext }): void {
  const { registry } = to;
  const { faults, store } = to.context.hub.identity;
  const raised = new prom.Gauge({
    name: "doorward_fault",
    help: "1 for what is wrong with the hub now",
    labelNames: ["fault"],
    registers: [registry],
  });
  for (const { id } of faults.list()) raised.set({ fault: id }, 1);
  const { waiting, lost, commits, failures, lastCommitMs } = store.health;
  gauge(prom, registry, { name: "doorward_store_waiting", help: "Changes that wait to be written", value: waiting });
  gauge(prom, registry, {
    name: "doorward_store_commit_seconds",
    help: "How long the last batch took to be written",
    value: lastCommitMs / 1000,
  });
  counter(prom, registry, { name: "doorward_store_commits_total", help: "Batches written", value: commits });
  counter(prom, registry, { name: "doorward_store_failures_total", help: "Batches that failed", value: failures });
  counter(prom, registry, { name: "doorward_store_lost_total", help: "Notes lost for want of room", value: lost });
}

function addDevices(prom: Prom, to: { readonly registry: Registry; readonly context: HttpContext }): void {
  const registers = [to.registry];
  const phase = new prom.Gauge({
    name: "doorward_device_phase",
    help: "1 for the phase that a device is in",
    labelNames: ["device", "phase"],
    registers,
  });
  const labelNames = ["device", "track"] as const;
  const frames = new prom.Counter({
    name: "doorward_track_frames_total",
    help: "Frames received",
    labelNames,
    registers,
  });
  const bytes = new prom.Counter({ name: "doorward_track_bytes_total", help: "Bytes received", labelNames, registers });
  const readers = new prom.Gauge({ name: "doorward_track_readers", help: "Readers of a track", labelNames, registers });
  const dropped = new prom.Counter({
    name: "doorward_track_dropped_frames_total",
    help: "Frames that readers of a track lost, summed over its readers",
    labelNames: [...labelNames, "reason"],
    registers,
  });
  for (const device of to.context.hub.devices.list()) {
    phase.set({ device: device.id, phase: device.state.phase }, 1);
    for (const info of device.info().tracks) {
      const labels = { device: device.id, track: `${info.label}/${info.kind}` };
      frames.inc(labels, info.frames);
      bytes.inc(labels, info.bytes);
      readers.set(labels, info.readers);
      const lost = device.track(info.kind, info.label)?.dropped;
      for (const [key, frameCount] of Object.entries(lost ?? {})) {
        dropped.inc({ ...labels, reason: dropReasons[key as DropReason] }, frameCount);
      }
    }
  }
}

function gauge(
  prom: Prom,
  registry: Registry,
  what: { readonly name: string; readonly help: string; readonly value: number },
): void {
  new prom.Gauge({ name: what.name, help: what.help, registers: [registry] }).set(what.value);
}

function counter(
  prom: Prom,
  registry: Registry,
  what: { readonly name: string; readonly help: string; readonly value: number },
): void {
  new prom.Counter({ name: what.name, help: what.help, registers: [registry] }).inc(what.value);
}
