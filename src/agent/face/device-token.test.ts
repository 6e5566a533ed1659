import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { scratchFolder } from "../../../test/helpers/program.ts";
import { deviceToken } from "./device-token.ts";

test("AG-33 a token is read from a variable or a file, of which 1,024 bytes are read at the most, however long it is", () => {
  const file = join(scratchFolder(), "token");
  writeFileSync(file, "pdt1-7662-7KCW\n");
  expect(deviceToken({ PAD_DEVICE_TOKEN: "pdt1-x", PAD_DEVICE_TOKEN_FILE: file })).toBe("pdt1-x");
  expect(deviceToken({ PAD_DEVICE_TOKEN_FILE: file })).toBe("pdt1-7662-7KCW");
  expect(deviceToken({ PAD_DEVICE_TOKEN_FILE: "/dev/zero" })).toHaveLength(1024);
  expect(deviceToken({ PAD_DEVICE_TOKEN_FILE: join(file, "nothing") })).toBe("");
  expect(deviceToken({})).toBeNull();
});
