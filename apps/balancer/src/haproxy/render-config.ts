/** haproxy.cfg of one instance. It starts closed: what is routed is set at run time. Pure. */
import { isPlainPath } from "@mainstay/runtime/files.ts";

export const backend = "postgres";
export const server = "primary";
/** Where requests to cancel a statement go: the leader's cancel gate, never its PostgreSQL. */
export const cancelBackend = "cancel";
export const cancelServer = "gate";

export interface HaproxyInput {
  readonly address: string;
  readonly port: number;
  readonly socket: string;
  readonly rangesFile: string;
}

const ipv4 = /^\d{1,3}(\.\d{1,3}){3}$/;

export function renderConfig({ address, port, socket, rangesFile }: HaproxyInput): string {
  if (!ipv4.test(address)) throw new RangeError(`not an IPv4 address: ${JSON.stringify(address)}`);
  for (const path of [socket, rangesFile]) {
    if (!isPlainPath(path))
      throw new RangeError(`HAProxy cannot be given this path: ${JSON.stringify(path)}`);
  }
  return `# Rendered by Mainstay; changes are overwritten.
global
  maxconn 4000
  # Else a second HAProxy of this user could share the port, and take half of its clients, without an error.
  noreuseport
  stats socket ${socket} mode 600 level admin
  stats timeout 1h

defaults
  mode tcp
  # A session may be idle for a day; TCP keepalive finds peers that are gone.
  timeout client 24h
  timeout server 24h
  timeout connect 1s
  # A server that refuses is down; the client that asks again is let in as soon as the next leader is routed.
  retries 0
  option clitcpka
  option srvtcpka

listen ${backend}
  bind ${address}:${port}
  tcp-request connection reject unless { src -f ${rangesFile} }
  # A request to cancel a statement begins with its length, 16, and a code. Others are let on as soon as their first
  # bytes differ; who does not get that far is refused, so that no half of a request comes past the gate.
  tcp-request inspect-delay 5s
  tcp-request content accept unless { req.payload(0,4) -m bin 00000010 }
  tcp-request content reject unless { req.payload(0,8) -m found }
  use_backend ${cancelBackend} if { req.payload(0,8) -m bin 0000001004d2162e }
  balance roundrobin
  server ${server} 127.0.0.1:1 disabled

backend ${cancelBackend}
  timeout server 5s
  server ${cancelServer} 127.0.0.1:1 disabled
`;
}
