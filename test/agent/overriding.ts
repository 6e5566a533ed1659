/** The same object, with some of its methods replaced. */
export function overriding<T extends object>(base: T, methods: Partial<T>): T {
  return new Proxy(base, {
    get: (target, key): unknown => Reflect.get(Object.hasOwn(methods, key) ? methods : target, key),
  });
}
