import type { DeviceRuntime } from "../runtime/runtime.ts";

/**
 * What became of a device that was given its person's user key. `kept`: it has the key, and the server has not said in time whether it takes it,
 * which shows with the next connection. `waits`: the server has another key by now. `nobody`: the device asks nobody to be theirs.
 */
export type GivenKey = "confirmed" | "kept" | "waits" | "nobody";

/** For the server's word on a key, in milliseconds. */
const PATIENCE = 10_000;

/** @param wait resolves after so many milliseconds */
export async function confirmByKey(
  runtime: Pick<DeviceRuntime, "client" | "confirmBy" | "onEvent">,
  userSeed: Uint8Array,
  wait: (milliseconds: number) => Promise<void>,
): Promise<GivenKey> {
  const { promise, resolve } = Promise.withResolvers<GivenKey>();
  let isGiven = false;
  const look = () => {
    if (isGiven && runtime.client.state.kind === "ended") resolve("waits");
  };
  // Before the key is given: the answer may be there at once. That it waits may have been said before, though, of the device without the key.
  const stop = runtime.onEvent((event) => {
    if (event.kind === "own-standing" && event.standing.kind === "confirmed") resolve("confirmed");
    else if (event.kind === "own-standing" && isGiven) resolve("waits");
    look();
  });
  try {
    if (!(await runtime.confirmBy(userSeed))) return "nobody";
    isGiven = true;
    look();
    void wait(PATIENCE).then(() => resolve("kept"));
    return await promise;
  } finally {
    stop();
  }
}
