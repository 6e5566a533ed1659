import type { Log, OpensDevice } from "./ports.ts";

/** Until the chat of a device is there. */
export function openDevice(_log: Log): OpensDevice {
  return () => Promise.reject(new Error("there is no chat yet"));
}
