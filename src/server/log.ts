import { pino } from "pino";
import type { Writable } from "node:stream";
import { createLastingOutput } from "./lasting-output.ts";

type Fields = Readonly<Record<string, string | number | boolean | null | readonly string[]>>;

/**
 * The server's log. Fields are flat and chosen by the caller; nothing here ever gets a message's text, a payload or a
 * key, because nobody hands one in: there is no field for it.
 */
export interface Log {
  debug(event: string, fields?: Fields): void;
  info(event: string, fields?: Fields): void;
  warn(event: string, fields?: Fields): void;
  error(event: string, fields?: Fields, cause?: unknown): void;
}

/** JSON lines, or lines for people. Chat outlives its log: what can't be written is lost, and is told when it can be again. */
export function createLog(stream: Writable, level: string, format: "json" | "pretty"): Log {
  const told = format === "json" ? (line: string) => line : pretty;
  const output = createLastingOutput(stream, (lines) => {
    const line = JSON.stringify({ level: 40, time: new Date().toISOString(), lines, msg: LOST });
    output.write(told(`${line}\n`), lines);
  });
  const target = { write: (line: string) => output.write(told(line)) };
  const logger = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, target);
  return {
    debug: (event, fields) => logger.debug(fields ?? {}, event),
    info: (event, fields) => logger.info(fields ?? {}, event),
    warn: (event, fields) => logger.warn(fields ?? {}, event),
    error: (event, fields, cause) =>
      logger.error(cause === undefined ? (fields ?? {}) : { ...fields, err: cause }, event),
  };
}

const LOST = "lines of the log could not be written";

const LEVELS: Readonly<Record<number, string>> = { 20: "debug", 30: "info ", 40: "WARN ", 50: "ERROR" };

function pretty(line: string): string {
  const { level, time, msg, err, ...fields }: Record<string, unknown> = JSON.parse(line);
  const details = Object.entries(fields).map(
    ([name, value]) => ` ${name}=${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  const cause = isError(err) ? `\n${err.stack ?? err.message ?? ""}` : "";
  return `${String(time).slice(11, 19)} ${LEVELS[Number(level)] ?? String(level)} ${String(msg)}${details.join("")}${cause}\n`;
}

function isError(value: unknown): value is { readonly message?: string; readonly stack?: string } {
  return typeof value === "object" && value !== null;
}
