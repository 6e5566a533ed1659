/** Every host of JavaScript has it, and no library of the language names it. */
declare function queueMicrotask(callback: () => void): void;

/** Those who want to hear of values of one kind. */
export class Listeners<T> {
  readonly #listeners = new Set<(value: T) => void>();

  /** Returns the function that takes it out again. */
  add(listener: (value: T) => void): () => void {
    // A wrapper of its own, so that the same function added twice is taken out once at a time.
    const entry = (value: T) => listener(value);
    this.#listeners.add(entry);
    return () => this.#listeners.delete(entry);
  }

  /** A listener that throws neither keeps the others from hearing nor the teller from going on; its error is uncaught. */
  tell(value: T): void {
    // Who starts to listen because of this value hears the next one.
    const present = Array.from(this.#listeners);
    for (const listener of present) {
      try {
        listener(value);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
