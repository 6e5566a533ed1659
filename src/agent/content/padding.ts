/** Steps are of so many bytes at least: short messages, which most are, have few lengths between them. */
const LEAST_STEP = 64;

/**
 * Filled up with zeros, so that its length tells little. The steps are Padmé's (Nikitin et al., "Reducing Metadata Leakage from
 * Encrypted Files and Communication with PURBs", PoPETs 2019(4), section 4), at most 12 % more, and 64 bytes where those are smaller.
 */
export function padded(bytes: Uint8Array): Uint8Array {
  const whole = new Uint8Array(paddedLength(bytes.length));
  whole.set(bytes);
  return whole;
}

export function paddedLength(length: number): number {
  const step = Math.max(LEAST_STEP, padmeStep(length));
  return Math.max(1, Math.ceil(length / step)) * step;
}

/** Of a length L with E = ⌊log₂ L⌋, the last E − (⌊log₂ E⌋ + 1) bits are to be zero. */
function padmeStep(length: number): number {
  if (length < 2) return 1;
  const exponent = 31 - Math.clz32(length);
  const kept = exponent === 0 ? 0 : 32 - Math.clz32(exponent);
  return 2 ** Math.max(0, exponent - kept);
}
