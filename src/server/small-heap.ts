import { setFlagsFromString } from "node:v8";

/**
 * Keeps V8's young generation at the size it starts with. A few thousand sessions would make it grow to 48 MB, more than
 * they take themselves, and it would stay so, to save a twelfth of the CPU time at full load (docs/performance.md). V8
 * reads this flag whenever it considers growing, so setting it after V8 has started works.
 */
export function keepHeapSmall(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
}
