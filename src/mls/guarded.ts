import { ENGINE_ERRORS, EngineError, type EngineErrorCode } from "./engine-error.ts";
import { createInstance, type Host, type Instance } from "./module/instance.ts";

/**
 * The module's current instance. What it throws becomes `EngineError`s; after anything but one of its own errors it is thrown
 * away, and `age` rises: objects of an older age are gone.
 */
export interface Guarded {
  readonly age: number;
  readonly instance: Instance;
  call<T>(use: (instance: Instance) => T): T;
}

export function guard(sign: Host["sign"]): Guarded {
  let age = 0;
  let words: string | null = null;
  let signing: unknown = null;
  const host: Host = {
    sign: (data) => {
      try {
        return sign(data);
      } catch (error) {
        signing = error;
        throw error;
      }
    },
    panicked: (told) => void (words = told),
  };
  let instance = createInstance(host);
  return {
    get age() {
      return age;
    },
    get instance() {
      return instance;
    },
    call(use) {
      try {
        return use(instance);
      } catch (error) {
        const ours = ownError(error);
        if (ours === null) {
          instance = createInstance(host);
          age += 1;
        }
        const told = ours ?? new EngineError("engine-failed", words ?? String(error));
        if (told.code === "signer-failed" || ours === null) told.cause = signing ?? error;
        words = null;
        signing = null;
        throw told;
      }
    },
  };
}

/** `code: detail` as the module throws it, or one thrown by what reads its replies. */
function ownError(error: unknown): EngineError | null {
  if (error instanceof EngineError) return error;
  if (typeof error !== "string") return null;
  const end = error.indexOf(": ");
  const code = error.slice(0, end);
  return isCode(code) && code !== "engine-failed" ? new EngineError(code, error.slice(end + 2) || undefined) : null;
}

function isCode(text: string): text is EngineErrorCode {
  return ENGINE_ERRORS.some((code) => code === text);
}
