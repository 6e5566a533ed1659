/**
 * Milliseconds that a test waits for what is to come, however slow or busy the machine is: a little less than a test may take in all
 * (vitest.config.ts), so that a failure tells what was waited for.
 */
export const PATIENCE = 200_000;
