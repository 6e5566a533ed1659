import { request } from "node:http";
import type { RunningServer } from "./running-file.ts";

/**
 * Asks a running server what only its administrator may. Rejects when it doesn't answer, or not with 200.
 * Both ends are this very program, and the token says that it is the right one: the answer has the type that it sends.
 */
export function ask<T>({ port, token }: RunningServer, method: string, path: string): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const headers = { authorization: `Bearer ${token}` };
  const asking = request({ host: "127.0.0.1", port, method, path, headers, timeout: 5000 }, (response) => {
    let body = "";
    response.setEncoding("utf8");
    response.on("data", (chunk: string) => (body += chunk));
    response.on("end", () => {
      if (response.statusCode === 200) resolve(JSON.parse(body));
      else reject(new Error(`the server answered ${response.statusCode}`));
    });
  });
  asking.on("timeout", () => asking.destroy(new Error("the server did not answer in time")));
  asking.on("error", reject);
  asking.end();
  return promise;
}
