import { createHash, randomBytes } from "node:crypto";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { withHpke } from "../../mls/hpke.ts";
import type { Hpke } from "../../mls/hpke.ts";
import { concat, withLength } from "../../mls/identity/bytes.ts";
import { newSigningKey } from "../../mls/identity/ed25519.ts";
import { whoBytes } from "../../mls/identity/who.ts";
import type { Who } from "../../mls/identity/who.ts";
import { openConfirmation, sealUserKey } from "./confirmation.ts";
import { confirmDevice } from "./make-device.ts";
import { tokenKey } from "./token.ts";

const alice: Who = { server: new Uint8Array(16).fill(1), kind: "person", identity: "1001" };
const [userKey, mallorys] = [newSigningKey(), newSigningKey()];
const key = newSigningKey();
const device = { id: new Uint8Array(randomBytes(16)), seed: key.seed };
const fields = { ...alice, label: "alice@example.com", deviceId: device.id, deviceLabel: "phone", node: "", notAfter: 0n }; // prettier-ignore
const record = confirmDevice(fields, userKey.seed, key.publicKey);

/** A confirmation as it should be, but for what is given. */
function scene(hpke: Hpke) {
  const sealKey = hpke.hpkeKey();
  const own = { hpke, who: alice, device, sealKey };
  const to = { hpke, who: alice, deviceId: device.id, record, sealKey: sealKey.publicKey };
  return { own, to };
}

test("DI-16 a confirmation gives the device its record and the user key that has signed it", () => {
  withHpke((hpke) => {
    const { own, to } = scene(hpke);
    const sealed = sealUserKey(to, userKey.seed);
    expect(sealed.length).toBeLessThan(256);
    expect(openConfirmation(own, { record, sealed })).toEqual({ ok: true, userSeed: userKey.seed, record });
  });
});

test("DI-16 of another device, person, key or record, or sealed to another, it is refused", () => {
  withHpke((hpke) => {
    const { own, to } = scene(hpke);
    const sealed = sealUserKey(to, userKey.seed);
    const why = (given: Parameters<typeof openConfirmation>[1], by = own) => {
      const opened = openConfirmation(by, given);
      return opened.ok ? null : opened.why;
    };
    const foreignKey = confirmDevice(fields, userKey.seed, newSigningKey().publicKey);
    expect(why({ record: foreignKey, sealed })).toBe("record");
    const otherDevice = confirmDevice({ ...fields, deviceId: new Uint8Array(16) }, userKey.seed, key.publicKey);
    expect(why({ record: otherDevice, sealed })).toBe("another-device");
    const otherPerson = confirmDevice({ ...fields, identity: "6666" }, userKey.seed, key.publicKey);
    expect(why({ record: otherPerson, sealed })).toBe("another-device");
    // A record of its own making, with what was sealed for another one.
    const other = confirmDevice(fields, mallorys.seed, key.publicKey);
    expect(why({ record: other, sealed })).toBe("sealed");
    // A key that didn't sign it.
    expect(why({ record, sealed: sealUserKey(to, mallorys.seed) })).toBe("another-key");
    expect(why({ record, sealed }, { ...own, sealKey: hpke.hpkeKey() })).toBe("sealed");
    expect(why({ record, sealed: sealUserKey(to, new Uint8Array()) })).toBe("sealed");
  });
});

test("DI-16 what is sealed is of this version, and bound to person, device and record as docs/device-record.md says", () => {
  withHpke((hpke) => {
    const { own, to } = scene(hpke);
    const hash = createHash("sha256").update(record).digest();
    const info = concat(whoBytes("padserve user key for a device v1", alice), withLength(device.id), hash);
    const opened = (version: number, bound: Uint8Array) => {
      const sealed = hpke.hpkeSeal(to.sealKey, bound, Uint8Array.of(version, ...userKey.seed));
      const answer = openConfirmation(own, { record, sealed });
      return answer.ok ? null : answer.why;
    };
    expect(opened(1, info)).toBeNull();
    expect(opened(2, info)).toBe("sealed");
    for (const other of [hash, concat(withLength(device.id), hash), info.subarray(0, -1)])
      expect(opened(1, other)).toBe("sealed");
  });
});

test("DI-16 what was opened is wiped, whether it is taken or not; the key that is given is a copy of its own", () => {
  withHpke((hpke) => {
    const { own, to } = scene(hpke);
    const plains: Uint8Array[] = [];
    const hpkeOpen = (...given: Parameters<Hpke["hpkeOpen"]>) => {
      const plain = hpke.hpkeOpen(...given);
      plains.push(plain);
      return plain;
    };
    const open = (seed: Uint8Array, token: ReturnType<typeof tokenKey> | null = null) =>
      openConfirmation(
        { ...own, hpke: { hpkeKey: () => own.sealKey, hpkeSeal: () => new Uint8Array(), hpkeOpen } },
        { record, sealed: sealUserKey(to, seed) },
        token,
      );
    expect(open(userKey.seed)).toEqual({ ok: true, userSeed: userKey.seed, record });
    expect(open(mallorys.seed)).toEqual({ ok: false, why: "another-key" });
    expect(open(userKey.seed, tokenKey(randomBytes(16)))).toEqual({ ok: false, why: "token" });
    expect(open(userKey.seed.subarray(1))).toEqual({ ok: false, why: "sealed" });
    expect(plains.map((plain) => plain.some((byte) => byte !== 0))).toEqual([false, false, false, false]);
  });
});

test("DI-16 whatever bytes are sealed or given as a record, none throws and none is taken", () => {
  withHpke((hpke) => {
    const { own, to } = scene(hpke);
    const sealed = sealUserKey(to, userKey.seed);
    fc.assert(
      fc.property(fc.nat({ max: sealed.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const spoilt = Uint8Array.from(sealed, (byte, index) => (index === at ? byte ^ change : byte));
        expect(openConfirmation(own, { record, sealed: spoilt }).ok).toBe(false);
        expect(openConfirmation(own, { record, sealed: sealed.subarray(0, at) }).ok).toBe(false);
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 900 }), fc.uint8Array({ maxLength: 300 }), (bytes, other) => {
        expect(openConfirmation(own, { record: bytes, sealed: other }).ok).toBe(false);
      }),
    );
  });
});

test("DI-17 a device that has a token takes no confirmation but one made with it", () => {
  withHpke((hpke) => {
    const { own, to } = scene(hpke);
    const [token, another] = [tokenKey(randomBytes(16)), tokenKey(randomBytes(16))];
    const taken = (made: typeof token | null, known: typeof token | null) =>
      openConfirmation(own, { record, sealed: sealUserKey(to, userKey.seed, made) }, known);
    expect(taken(token, token)).toMatchObject({ ok: true });
    expect(taken(null, token)).toEqual({ ok: false, why: "token" });
    expect(taken(another, token)).toEqual({ ok: false, why: "token" });
    // Confirmed by its code after all, by a device that has the token, too.
    expect(taken(token, null)).toMatchObject({ ok: true });
  });
});
