import type { Person as FramePerson } from "../../wire/frames/people.ts";
import type { ReplyBody } from "../../wire/frames/requests.ts";
import type { Person, Reply } from "../index.ts";
import type { Answer, FramesClient } from "./frames-client.ts";
import { failureOf } from "./refusals.ts";

/** A server has room for far fewer; a list that goes on is cut here. */
const MOST_PEOPLE = 10_000;

/** Everybody who has a name on the server, kept up by what it pushes. */
export class People {
  readonly #client: FramesClient;
  readonly #tell: (people: readonly Person[]) => void;
  /** By name in lower case. */
  readonly #known = new Map<string, FramePerson>();
  #asking: Promise<Reply<readonly Person[]>> | null = null;

  /** `tell` hears all of them whenever one is new or has changed. */
  constructor(client: FramesClient, tell: (people: readonly Person[]) => void) {
    this.#client = client;
    this.#tell = tell;
  }

  /** Asks for all, page by page; one question at a time. */
  ask(): Promise<Reply<readonly Person[]>> {
    this.#asking ??= this.#askAll().finally(() => {
      this.#asking = null;
    });
    return this.#asking;
  }

  learn(people: readonly FramePerson[]): void {
    for (const person of people) {
      const key = person.name.toLowerCase();
      if (this.#known.has(key) || this.#known.size < MOST_PEOPLE) this.#known.set(key, person);
    }
    this.#tell(this.#all());
  }

  /** A name as its owner writes it. */
  spelling(name: string): string {
    return this.#known.get(name.toLowerCase())?.name ?? name;
  }

  async #askAll(): Promise<Reply<readonly Person[]>> {
    const found: FramePerson[] = [];
    for (let after: string | null = null; ;) {
      const answer: Answer<ReplyBody<"people">> = await this.#client.request("people", { after });
      if (answer.kind !== "answered") return failureOf(answer);
      found.push(...answer.value.people);
      const last: string | null = answer.value.people.at(-1)?.name ?? null;
      // A page that doesn't go on from the one before would be asked for for ever.
      const goesOn = answer.value.more && last !== null && last !== after && found.length < MOST_PEOPLE;
      if (!goesOn) break;
      after = last;
    }
    this.#known.clear();
    this.learn(found);
    return { kind: "answered", value: this.#all() };
  }

  #all(): readonly Person[] {
    const sorted = [...this.#known.values()].toSorted((one, other) => ORDER.compare(one.name, other.name));
    return sorted.map(({ name, online, away }) => ({
      name,
      presence: !online ? "offline" : away === null ? "online" : "away",
    }));
  }
}

const ORDER = new Intl.Collator("en", { sensitivity: "base" });
