import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import * as v from "valibot";
import { expect, onTestFinished, test } from "vitest";
import { ask } from "./ask.ts";
import { newNonce, NONCE_HEADER, PROOF_HEADER, proveAnswer, proveRequest, proveServer } from "./proof.ts";
import { newToken } from "./running-file.ts";

const TOKEN = newToken();
const Names = v.array(v.string());

/** A server that proves itself at the challenge, and then answers a request as the test wants. */
async function startServer(
  answer: (request: IncomingMessage, response: ServerResponse, nonces: { client: string; server: string }) => void,
) {
  const nonces = { client: "", server: newNonce() };
  const server = createServer((request, response) => {
    if (request.url !== "/admin/challenge") {
      answer(request, response, nonces);
      return;
    }
    nonces.client = String(request.headers[NONCE_HEADER]);
    response.setHeader(NONCE_HEADER, nonces.server);
    response.setHeader(PROOF_HEADER, proveServer(TOKEN, nonces));
    response.end("{}");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  return { pid: 1, port: typeof address === "object" && address !== null ? address.port : 0, token: TOKEN };
}

test("SV-24 both ends prove that they know the secret, and the answer is its server's own", async () => {
  const server = await startServer((request, response, nonces) => {
    expect(request.headers[PROOF_HEADER]).toBe(proveRequest(TOKEN, nonces, "GET", "/admin/names"));
    response.setHeader(PROOF_HEADER, proveAnswer(TOKEN, nonces, 200, '["bob"]'));
    response.end('["bob"]');
  });
  expect(await ask(server, "GET", "/admin/names", Names)).toEqual(["bob"]);
});

test.each<[string, (nonces: { client: string; server: string }) => string | null]>([
  ["no proof", () => null],
  ["the proof of another answer", (nonces) => proveAnswer(TOKEN, nonces, 200, '["alice"]')],
  ["the proof of another status", (nonces) => proveAnswer(TOKEN, nonces, 404, '["bob"]')],
  ["the server's own first proof", (nonces) => proveServer(TOKEN, nonces)],
  ["our own proof, sent back", (nonces) => proveRequest(TOKEN, nonces, "GET", "/admin/names")],
  ["a proof by another secret", (nonces) => proveAnswer(newToken(), nonces, 200, '["bob"]')],
])("SV-24 an answer with %s is not believed", async (_what, prove) => {
  const server = await startServer((_request, response, nonces) => {
    const given = prove(nonces);
    if (given !== null) response.setHeader(PROOF_HEADER, given);
    response.end('["bob"]');
  });
  await expect(ask(server, "GET", "/admin/names", Names)).rejects.toMatchObject({ kind: "failed" });
});

test("SV-24 who proves nothing, or something else, is a stranger; where nobody listens, there is nobody", async () => {
  const server = await startServer(() => {});
  await expect(ask({ ...server, token: newToken() }, "GET", "/admin/names", Names)).rejects.toMatchObject({
    kind: "stranger",
  });
  // Port 1 is nobody's on a machine that runs these tests.
  await expect(ask({ ...server, port: 1 }, "GET", "/admin/names", Names)).rejects.toMatchObject({ kind: "nobody" });
});

test("SV-24 an answer that breaks off, never comes, or can't be read is a failure, never a value", async () => {
  const broken = await startServer((_request, response) => {
    response.write("[");
    response.destroy();
  });
  await expect(ask(broken, "GET", "/admin/names", Names)).rejects.toMatchObject({ kind: "failed" });
  const silent = await startServer(() => {});
  await expect(ask(silent, "GET", "/admin/names", Names, 50)).rejects.toMatchObject({ kind: "failed" });
  for (const body of ["", "{", "{}", '{"kind":"released"}', "null"]) {
    const odd = await startServer((_request, response, nonces) => {
      response.setHeader(PROOF_HEADER, proveAnswer(TOKEN, nonces, 200, body));
      response.end(body);
    });
    await expect(ask(odd, "GET", "/admin/names", Names)).rejects.toMatchObject({ kind: "failed" });
  }
});

test("SV-24 nothing of what the other end says is in the error", async () => {
  const server = await startServer((_request, response) => {
    response.writeHead(500, "\u00a0evil");
    response.end("evil");
  });
  const error: unknown = await ask(server, "GET", "/admin/names", Names).catch((caught: unknown) => caught);
  expect(String(error)).not.toContain("evil");
});
