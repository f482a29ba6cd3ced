import { SecretScanner } from "../../../../tools/engine/secrets";
import { Secret } from "../../../../tools/engine/types";

const kubeconfig = `server: https://10.0.0.10:6443
client-key-data: LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQo=
`;
const key =
  "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ\nAAAAAAAAABAAAAMwAAAAtzc2gtZW\n-----END OPENSSH PRIVATE KEY-----\n";

function scanner(): SecretScanner {
  const result = new SecretScanner();
  result.add("sshPrivateKey", key);
  return result;
}

test("a secret is found whole, line by line, in JSON and in base64", () => {
  for (const text of [
    key,
    "x b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ y",
    JSON.stringify({ key }),
    Buffer.from(key).toString("base64"),
  ]) {
    expect(scanner().find(text)).toBe("sshPrivateKey");
  }
});

test("what every key has is no secret", () => {
  expect(scanner().find("-----BEGIN OPENSSH PRIVATE KEY-----\nanother")).toBeUndefined();
});

test("redacting leaves nothing of the secret's lines", () => {
  expect(scanner().redact(`using ${key} now`)).toBe("using [secret]\n now");
});

test("leaks are places outside of secrets, with their path", () => {
  const inputs = { good: new Secret(key), bad: [{ script: `echo ${key}` }] };
  expect(scanner().leaks(inputs)).toEqual([["bad[0].script", "sshPrivateKey"]]);
});

test("short values are not taken for secrets", () => {
  const short = new SecretScanner();
  short.add("user", "admin");
  expect(short.find("the admin of this cluster")).toBeUndefined();
});

test("of a kubeconfig the keys are hidden and the server's address is not", () => {
  const learned = new SecretScanner();
  learned.addSecretsOf("kubeconfig", { out: new Secret(kubeconfig) });
  expect(learned.redact("https://10.0.0.10:6443 LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQo=")).toBe(
    "https://10.0.0.10:6443 [secret]",
  );
});

test("what was learned during a run is hidden but no fault", () => {
  const learned = new SecretScanner();
  learned.addSecretsOf("token", { out: new Secret("abcdef.0123456789abcdef") });
  expect(learned.leaks({ a: "join abcdef.0123456789abcdef" })).toEqual([]);
  expect(learned.shows({ a: "join abcdef.0123456789abcdef" })).toBe(true);
});

test("where a host is stays public though its connection is secret as a whole", () => {
  const learned = new SecretScanner();
  learned.addSecretsOf("n01", { connection: new Secret({ host: "10.64.0.11", privateKey: key }) });
  expect(learned.redact("10.64.0.11")).toBe("10.64.0.11");
  expect(learned.shows(key)).toBe(true);
});
