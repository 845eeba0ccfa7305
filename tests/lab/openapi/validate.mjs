// Holds a document on standard input to the meta-schema of OpenAPI 3.1, and
// its references to what there is; prints {valid, version, errors}.
import { Validator } from "@seriousme/openapi-schema-validator";

let text = "";
for await (const part of process.stdin) text += part;
const validator = new Validator();
const { valid, errors } = await validator.validate(JSON.parse(text));
process.stdout.write(JSON.stringify(
  { valid, version: validator.version, errors: errors ?? [] }));
