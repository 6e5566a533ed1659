import { EngineError } from "../../mls/engine-error.ts";

/**
 * Whether it says nothing about the bytes that were given, but that the engine's instance has ended or the group is closed: then
 * the group is loaded again, and the same tried once more.
 */
export function isEngineFailure(error: unknown): boolean {
  return (
    error instanceof EngineError &&
    (error.code === "engine-failed" || error.code === "closed" || error.code === "signer-failed")
  );
}
