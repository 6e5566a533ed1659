import * as fc from "fast-check";
import { expect, test } from "vitest";
import { formatAddress, parseAddress } from "./address.ts";

test.each([
  ["pad", { host: "pad", port: 12345 }],
  ["pad:1", { host: "pad", port: 1 }],
  ["pad.tail1234.ts.net:65535", { host: "pad.tail1234.ts.net", port: 65_535 }],
  ["pad.tail1234.ts.net.", { host: "pad.tail1234.ts.net.", port: 12345 }],
  ["localhost.", { host: "localhost", port: 12345 }],
  ["LocalHost.:80", { host: "localhost", port: 80 }],
  ["localhost.example.", { host: "localhost.example.", port: 12345 }],
  ["100.64.0.7", { host: "100.64.0.7", port: 12345 }],
  ["100.64.0.7:80", { host: "100.64.0.7", port: 80 }],
  ["fd7a:115c:a1e0::7", { host: "fd7a:115c:a1e0::7", port: 12345 }],
  ["[fd7a:115c:a1e0::7]", { host: "fd7a:115c:a1e0::7", port: 12345 }],
  ["[::1]:4000", { host: "::1", port: 4000 }],
  ["fe80::1%eth0", { host: "fe80::1%eth0", port: 12345 }],
])("CC-1 %s is read as an address", (text, address) => {
  expect(parseAddress(text)).toEqual(address);
});

test.each([
  "",
  " ",
  "a b",
  "pad:",
  "pad:0",
  "pad:65536",
  "pad:-1",
  "pad:1e3",
  "pad:12:34",
  "1.2.3",
  "1.2.3.256",
  "[pad]:80",
  "[100.64.0.7]:80",
  "[::1",
  "::1]:80",
  "[::1]80",
  "pad\n",
  "-pad",
  "pad-",
  "a..b",
  "http://pad",
])("CC-1 %j is no address", (text) => {
  expect(parseAddress(text)).toBeNull();
});

test("CC-1 what is formatted is read back as the same address", () => {
  const host = fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6());
  fc.assert(
    fc.property(host, fc.integer({ min: 1, max: 65_535 }), (name, port) => {
      expect(parseAddress(formatAddress({ host: name, port }))).toEqual({ host: name, port });
    }),
  );
});

test("CC-1 any text is an address with a port in range, or null, never an exception", () => {
  const typed = fc.oneof(fc.string(), fc.stringMatching(/^[[\]:.0-9a-f%]*$/));
  fc.assert(
    fc.property(typed, (text) => {
      const address = parseAddress(text);
      expect(address === null || (address.host.length > 0 && address.port > 0 && address.port < 65_536)).toBe(true);
    }),
  );
});
