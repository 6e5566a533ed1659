/** What a schema says, without its functions, its messages and its reference to a library's version. */
export function describeSchema(value: unknown): unknown {
  if (value instanceof RegExp) return String(value);
  if (Array.isArray(value)) return value.map(describeSchema);
  if (typeof value !== "object" || value === null) return value;
  const left = Object.entries(value).filter(
    ([key, inner]) => typeof inner !== "function" && !["message", "~standard", "async", "reference"].includes(key),
  );
  return Object.fromEntries(left.map(([key, inner]) => [key, describeSchema(inner)]));
}
