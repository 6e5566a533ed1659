import { Counter, Gauge, Registry, collectDefaultMetrics } from "prom-client";
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Notice } from "../core/notices.ts";
import type { RefusalReason } from "../core/refusals.ts";
import type { CloseReason } from "../net/close-reason.ts";

/** What the rest of the server is asked for when somebody reads the metrics. */
export interface MetricsSources {
  readonly sessions: () => number;
  /** Bytes that wait for slow readers, over all sessions. */
  readonly queuedBytes: () => number;
}

export interface Metrics {
  /** Told of each notice and how many hear it. */
  observe(notice: Notice, hearers: number): void;
  /** A peer who never became a session. */
  refused(reason: RefusalReason): void;
  closed(reason: CloseReason): void;
  storeFailed(): void;
  /** In the Prometheus text format. */
  render(): Promise<string>;
  readonly contentType: string;
  stop(): void;
}

export function createMetrics(sources: MetricsSources): Metrics {
  const registry = new Registry();
  // Plain numbers while messages flow; prom-client reads them when somebody asks.
  const count = { broadcasts: 0, directs: 0, deliveries: 0 };
  const refusals = new Map<RefusalReason, number>();
  const closings = new Map<CloseReason, number>();
  let storeFailures = 0;
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();

  gauge("padserve_sessions", "Sessions that are open.", sources.sessions);
  gauge("padserve_queue_bytes", "Bytes that wait for their readers.", sources.queuedBytes);
  gauge("padserve_event_loop_delay_p99_seconds", "99th percentile since the last look.", () => {
    const seconds = delay.percentile(99) / 1e9;
    delay.reset();
    return seconds;
  });
  counter("padserve_messages_total", "Messages accepted.", "kind", () => [
    ["broadcast", count.broadcasts],
    ["direct", count.directs],
  ]);
  counter("padserve_deliveries_total", "Messages handed to a session.", null, () => [["", count.deliveries]]);
  counter("padserve_refusals_total", "Commands and sessions refused.", "reason", () => refusals);
  counter("padserve_closed_total", "Connections closed.", "reason", () => closings);
  counter("padserve_store_failures_total", "Commits that failed.", null, () => [["", storeFailures]]);
  collectDefaultMetrics({ register: registry, prefix: "padserve_", eventLoopMonitoringPrecision: 20 });

  return {
    observe: (notice, hearers) => {
      switch (notice.kind) {
        case "broadcast":
        case "direct":
          count.deliveries += hearers;
          return;
        case "broadcast-sent":
          count.broadcasts += 1;
          return;
        case "direct-sent":
          count.directs += 1;
          return;
        case "refused":
          add(refusals, notice.refusal.reason);
          return;
        case "ended":
          if (notice.cause.kind === "refused") add(refusals, notice.cause.refusal.reason);
          return;
        default:
      }
    },
    refused: (reason) => add(refusals, reason),
    closed: (reason) => add(closings, reason),
    storeFailed: () => void storeFailures++,
    render: () => registry.metrics(),
    contentType: registry.contentType,
    stop: () => void delay.disable(),
  };

  function gauge(name: string, help: string, read: () => number): void {
    registry.registerMetric(
      new Gauge({
        name,
        help,
        registers: [],
        collect() {
          this.set(read());
        },
      }),
    );
  }

  function counter(
    name: string,
    help: string,
    label: string | null,
    read: () => Iterable<readonly [string, number]>,
  ): void {
    registry.registerMetric(
      new Counter({
        name,
        help,
        labelNames: label === null ? [] : [label],
        registers: [],
        collect() {
          this.reset();
          for (const [value, total] of read()) this.inc(label === null ? {} : { [label]: value }, total);
        },
      }),
    );
  }
}

function add<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
