import { mutated, type Random } from "../mls/mutations.ts";

/** A request that is right, as JSON. */
export interface RightRequest {
  readonly type: string;
  readonly body: unknown;
}

/** A text near a right request: another value somewhere in it, other bytes, or nothing of the kind. `id` is kept where the form is. */
export function fuzzedText(corpus: readonly RightRequest[], id: number, draw: Random): string {
  const chosen = corpus[draw(corpus.length)] ?? { type: "groups", body: {} };
  if (draw(12) === 0) return Buffer.from(Uint8Array.from({ length: draw(400) }, () => draw(256))).toString("utf8");
  let request: object = { id, type: chosen.type, body: copied(chosen.body) };
  for (let more = 1 + draw(3); more > 0; more -= 1) request = { ...spoiled(request, corpus, draw), id };
  const text = JSON.stringify(request);
  if (draw(8) !== 0) return text;
  return Buffer.from(mutated([Buffer.from(text)], draw)).toString("utf8");
}

/** The request itself, with one value of it changed, left out or added, wherever that is. */
function spoiled(request: object, corpus: readonly RightRequest[], draw: Random): object {
  // What isn't asked for at all is refused at the door: seldom.
  const isSeldom = draw(20) === 0;
  const places = placesIn(request).filter(
    ({ path }) => path !== "id" && (isSeldom || (path !== "type" && path !== "body")),
  );
  const place = places[draw(places.length)];
  if (place !== undefined) {
    const { holder, key } = place;
    const before: unknown = Reflect.get(holder, key);
    if (draw(10) === 0) Reflect.deleteProperty(holder, key);
    else Reflect.set(holder, key, nearOrOdd(before, corpus, draw));
  }
  return request;
}

interface Place {
  readonly holder: object;
  readonly key: string;
  readonly path: string;
}

function placesIn(value: unknown, path = "", places: Place[] = []): Place[] {
  if (typeof value !== "object" || value === null) return places;
  for (const key of Object.keys(value)) {
    const inner = path === "" ? key : `${path}.${key}`;
    places.push({ holder: value, key, path: inner });
    placesIn(Reflect.get(value, key), inner, places);
  }
  return places;
}

function nearOrOdd(before: unknown, corpus: readonly RightRequest[], draw: Random): unknown {
  if (draw(6) === 0) return odd(corpus, draw);
  if (typeof before === "string") return near(before, draw);
  return typeof before === "number" ? before + draw(4) - 1 : odd(corpus, draw);
}

/** Most often one character: what still has its form goes deepest. */
function near(text: string, draw: Random): string {
  const at = draw(text.length + 1);
  const letter = "AQgw_-09azZ"[draw(11)] ?? "A";
  switch (draw(20)) {
    case 0:
      return text.slice(0, at);
    case 1:
      return text + text.slice(at);
    case 2:
      return text.slice(0, at) + letter + text.slice(at);
    default:
      return text.slice(0, at) + letter + text.slice(at + 1);
  }
}

const ODD: readonly unknown[] = [
  null,
  true,
  "",
  0,
  -1,
  1.5,
  1e308,
  Number.MAX_SAFE_INTEGER,
  Number.MAX_SAFE_INTEGER + 1,
  [],
  {},
  "ALL",
  "__proto__",
  "\u0000\u001b[2J\ud800",
  { constructor: { prototype: 1 } },
];

function odd(corpus: readonly RightRequest[], draw: Random): unknown {
  switch (draw(6)) {
    case 0:
      return "x".repeat(draw(40_000));
    case 1:
      return Array.from({ length: draw(2_000) }, () => anOdd(draw));
    case 2: {
      // What has a place elsewhere.
      const places = placesIn(corpus[draw(corpus.length)]);
      const place = places[draw(places.length)];
      return place === undefined ? null : copied(Reflect.get(place.holder, place.key));
    }
    case 3: {
      let deep: unknown = 1;
      for (let depth = draw(500); depth > 0; depth -= 1) deep = [deep];
      return deep;
    }
    default:
      return anOdd(draw);
  }
}

/** One of its own: what one has in two thousand places is written two thousand times when something long is put into it. */
function anOdd(draw: Random): unknown {
  return copied(ODD[draw(ODD.length)]);
}

/** A copy of what JSON can hold, of its own all through. `structuredClone` takes longer than all else that is done with an input. */
function copied(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(copied);
  const copy: object = { ...value };
  for (const key of Object.keys(copy)) Reflect.set(copy, key, copied(Reflect.get(copy, key)));
  return copy;
}
