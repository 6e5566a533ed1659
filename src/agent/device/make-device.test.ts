import * as fc from "fast-check";
import { expect, test } from "vitest";
import { toText } from "../delivery/base64url.ts";
import { newDeviceId } from "./make-device.ts";

test("AD-33 a device's id begins with no dash as people type it, whatever chance gives", () => {
  const bytes = fc.uint8Array({ minLength: 16, maxLength: 16 });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 255 }), bytes, bytes, (first, one, other) => {
      one[0] = first;
      other[0] = 7;
      const drawn = [one, other];
      const id = toText(newDeviceId(() => drawn.shift() ?? new Uint8Array(16)));
      expect(id).not.toMatch(/^-/);
      expect([one, other].map(toText)).toContain(id);
    }),
  );
});
