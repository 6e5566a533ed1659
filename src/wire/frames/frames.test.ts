import * as fc from "fast-check";
import { expect, test } from "vitest";
import { pushes, samples } from "../../../test/helpers/frame-samples.ts";
import { decodeRequest, encodeRequest } from "./client-frames.ts";
import { PUSH_TYPES } from "./pushes.ts";
import { isRequestType, REQUESTS, type Request } from "./requests.ts";
import { decodeFromServer, decodeReply, encodePush, encodeRefusal, encodeReply } from "./server-frames.ts";

const types = Object.keys(REQUESTS).filter(isRequestType);
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the table pairs each type with its body
const requests = types.map((type, id) => ({ id, type, body: samples[type][0] }) as Request);

test.each(requests)("FR-1 a request comes back as it was: $type", (request) => {
  expect(decodeRequest(encodeRequest(request))).toEqual({ kind: "request", request });
});

test.each(types)("FR-1 a reply comes back as it was: %s", (type) => {
  const [, body] = samples[type];
  const decoded = decodeFromServer(encodeReply(7, body));
  expect(decoded).toMatchObject({ kind: "reply", id: 7 });
  expect(decodeReply(type, decoded.kind === "reply" ? decoded.body : null)).toEqual(body);
});

test.each(pushes)("FR-1 a push comes back as it was: $type", (push) => {
  expect(decodeFromServer(encodePush(push))).toEqual({ kind: "push", push });
});

test("FR-1 there is a sample of each push", () => {
  expect(new Set(pushes.map(({ type }) => type))).toEqual(PUSH_TYPES);
});

test("FR-1 bytes of a Buffer and of a part of a larger array are those bytes", () => {
  const large = new Uint8Array([9, 9, 1, 2, 3, 9]);
  for (const bytes of [Buffer.from([1, 2, 3]), large.subarray(2, 5)]) {
    const decoded = decodeRequest(
      encodeRequest({ id: 1, type: "publish-packages", body: { packages: [bytes], lastResort: null, replace: false } }),
    );
    expect(decoded).toMatchObject({ request: { body: { packages: [new Uint8Array([1, 2, 3])] } } });
  }
});

test("FR-2 what is no frame is invalid; what has an id is refused under it", () => {
  for (const text of [
    "",
    "null",
    "[]",
    "{",
    '{"id":1}',
    '{"id":-1,"type":"say","body":{}}',
    '{"id":1.5,"type":"say"}',
  ]) {
    expect(decodeRequest(text)).toEqual({ kind: "invalid" });
  }
  expect(decodeRequest('{"id":1,"type":"sing","body":{}}')).toMatchObject({
    id: 1,
    refusal: { reason: "unknown-request" },
  });
  expect(decodeRequest('{"id":1,"type":"__proto__","body":{}}')).toMatchObject({
    refusal: { reason: "unknown-request" },
  });
  expect(decodeRequest('{"id":2,"type":"say","body":{"text":7}}')).toMatchObject({
    id: 2,
    refusal: { reason: "malformed" },
    where: "say: text string",
  });
});

test("FR-3 a refusal and a push that this version doesn't know end nothing", () => {
  expect(decodeFromServer('{"type":"refused","id":3,"refusal":{"reason":"moon-phase"}}')).toEqual({
    kind: "refused",
    id: 3,
    refusal: null,
  });
  expect(decodeFromServer('{"type":"weather","sky":"blue"}')).toEqual({ kind: "unknown" });
  expect(decodeFromServer('{"type":"said","from":7}')).toEqual({ kind: "invalid" });
  expect(decodeFromServer(encodeRefusal(3, { reason: "gap", expected: 4 }))).toEqual({
    kind: "refused",
    id: 3,
    refusal: { reason: "gap", expected: 4 },
  });
});

test("FR-3 what a newer peer adds to a frame is passed over", () => {
  expect(decodeRequest('{"id":1,"type":"say","body":{"text":"hi","mood":"glad"},"trace":1}')).toEqual({
    kind: "request",
    request: { id: 1, type: "say", body: { text: "hi" } },
  });
});

const acknowledge = (group: string) =>
  decodeRequest(JSON.stringify({ id: 1, type: "acknowledge", body: { group, number: 1 } })).kind;

test("FR-4 an id of the wrong length or with stray bits is malformed: one text for each byte string", () => {
  expect(acknowledge("AAECAwQFBgcICQoLDA0ODw")).toBe("request");
  expect(acknowledge("AAECAwQFBgcICQoLDA0ODx")).toBe("refused");
  expect(acknowledge("AAECAwQFBgcICQoLDA0OD")).toBe("refused");
  expect(acknowledge("AAECAwQFBgcICQoLDA0ODw==")).toBe("refused");
  expect(acknowledge("AAECAwQFBgcICQoLDA0O/w")).toBe("refused");
});

test("FR-4 lists, texts and bytes over their bound are malformed", () => {
  const kinds = [
    { type: "say", body: { text: "x".repeat(32_769) } },
    { type: "say", body: { text: "å".repeat(16_385) } },
    { type: "publish-packages", body: { packages: Array(65).fill("AQID"), lastResort: null, replace: false } },
    { type: "publish-packages", body: { packages: ["A".repeat(5_464)], lastResort: null, replace: false } },
    { type: "look-up", body: { name: "x".repeat(65) } },
  ].map((frame) => decodeRequest(JSON.stringify({ id: 1, ...frame })).kind);
  expect(kinds).toEqual(["refused", "refused", "refused", "refused", "refused"]);
});

test("FR-5 no text makes a decoder throw", () => {
  const texts = fc.oneof(
    fc.string({ unit: "binary", maxLength: 200 }),
    fc.json({ maxDepth: 4 }),
    fc
      .tuple(fc.constantFrom(...requests), fc.nat(), fc.string({ unit: "binary", maxLength: 4 }))
      .map(([request, at, splice]) => {
        const text = encodeRequest(request);
        const place = at % text.length;
        return text.slice(0, place) + splice + text.slice(place + 1);
      }),
    fc
      .tuple(fc.constantFrom(...requests), fc.jsonValue())
      .map(([{ type }, body]) => JSON.stringify({ id: 1, type, body })),
    fc
      .tuple(fc.constantFrom(...PUSH_TYPES), fc.dictionary(fc.string(), fc.jsonValue()))
      .map(([type, body]) => JSON.stringify({ ...body, type })),
  );
  fc.assert(
    fc.property(texts, (text) => {
      decodeRequest(text);
      const decoded = decodeFromServer(text);
      for (const type of types) decodeReply(type, decoded.kind === "reply" ? decoded.body : text);
    }),
    { numRuns: 2_000 },
  );
});

test("FR-5 nor does one that nests deeply", () => {
  const deep = `{"id":1,"type":"say","body":${"[".repeat(500_000)}${"]".repeat(500_000)}}`;
  expect(["invalid", "refused"]).toContain(decodeRequest(deep).kind);
  expect(decodeFromServer(deep).kind).not.toBe("push");
});
