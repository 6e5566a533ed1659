import * as fc from "fast-check";
import { expect, test } from "vitest";
import { classify } from "./first-bytes.ts";

const METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "CONNECT", "TRACE"];

test.each(METHODS)("NE-1 %s and a space is HTTP, and nothing shorter is decided", (method) => {
  const request = Buffer.from(`${method} / HTTP/1.1\r\n`);
  expect(classify(request)).toBe("http");
  expect(classify(request.subarray(0, method.length + 1))).toBe("http");
  for (let length = 0; length <= method.length; length++) {
    expect(classify(request.subarray(0, length))).toBe("undecided");
  }
});

test.each([
  "REGISTER alice\n",
  "LIST\n",
  "GETS x\n",
  "get / HTTP/1.1\n",
  "GET\n",
  "PU\n",
  " \n",
  "\rLIST\n",
  "x\r\n",
  "\u0000",
  "DELETED x",
  "CLIENTPUBKEY\n",
])("NE-1 %j speaks lines", (line) => {
  expect(classify(Buffer.from(line))).toBe("lines");
});

test("NE-1 an empty line, and telnet's first byte, is a person with nothing but nc or telnet", () => {
  for (const start of ["\n", "\r\n", "\r\0", "\nREGISTER alice\n"]) expect(classify(Buffer.from(start))).toBe("plain");
  expect(classify(Buffer.from("\r"))).toBe("undecided");
  expect(classify(Buffer.from([0xff]))).toBe("plain");
  expect(classify(Buffer.from([0xff, 0xfb, 0x01]))).toBe("plain");
});

test("NE-1 a TLS hello is told by its first two bytes", () => {
  expect(classify(Buffer.from([0x16]))).toBe("undecided");
  expect(classify(Buffer.from([0x16, 0x03]))).toBe("tls");
  expect(classify(Buffer.from([0x16, 0x03, 0x01, 0x02]))).toBe("tls");
  expect(classify(Buffer.from([0x16, 0x04]))).toBe("lines");
});

test("NE-1 for any bytes, more bytes never change a decision", () => {
  const start = fc.oneof(
    fc.uint8Array({ maxLength: 12 }),
    fc
      .tuple(fc.constantFrom(...METHODS), fc.nat(8), fc.uint8Array({ maxLength: 4 }))
      .map(([method, kept, tail]) =>
        Uint8Array.from(Buffer.concat([Buffer.from(`${method} `).subarray(0, kept), tail])),
      ),
  );
  fc.assert(
    fc.property(start, (bytes) => {
      const whole = classify(bytes);
      for (let length = 0; length < bytes.length; length++) {
        const early = classify(bytes.subarray(0, length));
        if (early !== "undecided") expect(early).toBe(whole);
      }
      if (bytes.length > 7) expect(whole).not.toBe("undecided");
    }),
  );
});
