import { InstanceParams } from "@mainstay/api-contract/common.ts";
import { CertificateFile } from "@mainstay/api-contract/instances.ts";
import { Type } from "typebox";
import { getInstance } from "../../../instances/find.ts";
import { actorOf, base, errors, type Route } from "../../route.ts";

const contentType = "application/x-pem-file";
const schema = {
  tags: ["instances"],
  summary: "Get the certificate to verify the instance's TLS with",
  params: InstanceParams,
  querystring: Type.Object({ dl: Type.Optional(Type.String()) }),
  response: { 200: Type.Union([CertificateFile, Type.String()]), ...errors },
};

export const certificateRoute: Route = (server, platform) => {
  server.get(`${base}/instances/:instance_id/certificate`, { schema }, async (request, reply) => {
    await getInstance(platform.db, request.params.instance_id, actorOf(request));
    const pem = Buffer.from(platform.caPem);
    if (request.query.dl === "1") {
      // The JavaScript SDK asks for the bytes; the others for a file in JSON.
      return reply
        .type(contentType)
        .serializer((text: unknown) => String(text))
        .send(platform.caPem);
    }
    return { name: "ssl_certificate", content_type: contentType, content: pem.toString("base64") };
  });
};
