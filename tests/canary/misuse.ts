/** One secret in every place where it does not belong. Nothing of this may be kept, logged or answered. */
import type { Known } from './operations.ts'
import type { Recorder, Sent } from './recorder.ts'

type Misuse = readonly [label: string, sent: Sent]

export async function misuse(recorder: Recorder, known: Known, name: string, secret: string): Promise<void> {
  const misuses = [
    ...inQuery(known, secret),
    ...inPath(known, secret),
    ...inM2mBody(known, secret),
    ...inDirectoryBody(known, secret),
    ...inTokenBody(known, secret),
    ...inBrokenBody(known, secret),
    ...inAuthorization(known, secret),
    ...inOtherHeaders(known, secret),
  ]
  await Promise.all(
    misuses.map(([place, sent]) => recorder.send(`${name} ${place}: ${sent.method} ${sent.path}`, sent)),
  )
  await Promise.all(broken(secret).map((text, index) => recorder.sendRaw(`${name} broken ${index}`, text)))
}

const inQuery = ({ instanceKey: key, workerKey }: Known, secret: string): Misuse[] => [
  ...[
    `/v1/machines?query=${secret}`,
    `/v1/machines?query=${secret.repeat(6)}`,
    `/v1/machines?order_by=${secret}`,
    `/v1/machines?limit=${secret}`,
    `/v1/machines?limit=1&limit=${secret}`,
    `/v1/machines?${secret}=1`,
    `/v1/machines?${secret}=%ZZ`,
    `/v1/users?email_address=${secret}&email_address[]=${secret}`,
    `/v1/users?user_id=${secret}`,
    `/v1/users?query=${secret}`,
    `/v1/users/count?username=${secret}`,
    `/v1/m2m_tokens?subject=${secret}`,
    `/health/ready?token=${secret}`,
    `/.well-known/jwks.json?${secret}`,
  ].map((path): Misuse => ['in the query', { method: 'GET', path, key }]),
  ['in the query', { method: 'POST', path: `/v1/m2m_tokens?token=${secret}`, key: workerKey }],
]

const inPath = ({ instanceKey: key, machineId }: Known, secret: string): Misuse[] =>
  [
    ['GET', `/${secret}`],
    ['GET', `/v1/${secret}`],
    ['GET', `/v1/machines/${secret}`],
    ['PATCH', `/v1/machines/${secret}`],
    ['PUT', `/v1/machines?${secret}`],
    ['GET', `/v1/machines/${secret}/secret_key`],
    ['DELETE', `/v1/machines/${machineId}/scopes/${secret}`],
    ['GET', `/v1/users/${secret}`],
    ['POST', `/v1/m2m_tokens/${secret}/revoke`],
    ['POST', `/m2m_tokens/${secret}/revoke`],
    ['POST', `/v1/actor_tokens/${secret}/revoke`],
    ['GET', `/v1/tickets/accept?ticket=${secret}`],
  ].map(([method, path]) => ['in the path', { method: method!, path: path!, key }])

const inM2mBody = ({ workerKey, apiKey, m2mTokenId }: Known, secret: string): Misuse[] => [
  ...[
    { seconds_until_expiration: secret },
    { token_format: secret },
    { min_remaining_ttl_seconds: secret },
    { [secret]: 1 },
    { claims: {}, [secret]: secret },
    { token_format: 'jwt', claims: secret },
    { token_format: 'jwt', claims: { iss: secret } },
    { token_format: 'jwt', claims: { sub: { [secret]: secret } } },
    { claims: secret.repeat(400) },
  ].map((body) => post('/v1/m2m_tokens', workerKey, body)),
  ...[
    { token: [secret] },
    { token: { [secret]: secret } },
    { token: secret, secret },
    { token: secret, [secret]: 1 },
    { token: `${secret}x` },
    { token: ` ${secret}` },
    { token: secret.repeat(700) },
    { [secret]: secret },
  ].map((body) => post('/v1/m2m_tokens/verify', apiKey, body)),
  post('/v1/m2m_tokens/verify', workerKey, { token: secret }),
  post('/v1/m2m_tokens/verify', secret, { token: secret }),
  post(`/v1/m2m_tokens/${m2mTokenId}/revoke`, workerKey, { revocation_reason: [secret] }),
  post(`/v1/m2m_tokens/${m2mTokenId}/revoke`, workerKey, { [secret]: 'a reason' }),
]

const inDirectoryBody = ({ instanceKey, machineId }: Known, secret: string): Misuse[] => [
  ...[
    { name: [secret] },
    { name: secret.repeat(6) },
    { name: `${secret}\n` },
    { name: 'a machine', scoped_machines: secret },
    { name: 'a machine', scoped_machines: [secret] },
    { name: 'a machine', default_token_ttl: secret },
    { name: 'a machine', [secret]: secret, secret_key: secret, id: secret },
  ].map((body) => post('/v1/machines', instanceKey, body)),
  post(`/v1/machines/${machineId}/scopes`, instanceKey, { to_machine_id: secret }),
  post(`/v1/machines/${machineId}/secret_key/rotate`, instanceKey, { previous_token_ttl: secret }),
  ...[
    { email_address: [secret] },
    { email_address: secret },
    { phone_number: [secret] },
    { username: secret.repeat(2) },
    { username: [secret] },
    { external_id: secret.repeat(6) },
    { public_metadata: secret },
    { private_metadata: { [secret]: secret.repeat(200) } },
    { [secret]: secret, token: secret, password: secret },
  ].map((body) => post('/v1/users', instanceKey, body)),
]

const inTokenBody = ({ instanceKey }: Known, secret: string): Misuse[] => [
  ...[
    { user_id: secret, actor: { sub: 'user_operator' } },
    { user_id: [secret], actor: { sub: 'user_operator' } },
    { user_id: 'user_nobody', actor: secret },
    { user_id: 'user_nobody', actor: { sub: [secret] } },
    { user_id: 'user_nobody', actor: { [secret]: secret } },
    { user_id: 'user_nobody', actor: { sub: 'user_operator' }, expires_in_seconds: secret },
    { [secret]: secret },
  ].map((body) => post('/v1/actor_tokens', instanceKey, body)),
  post('/v1/testing_tokens', instanceKey, { [secret]: secret }),
  ...[
    { machine_id: secret },
    { machine_id: 'mch_any', claims: { sub: secret } },
    { machine_id: 'mch_any', claims: [secret] },
    { machine_id: 'mch_any', expires_in_seconds: secret },
    { machine_id: 'mch_any', [secret]: secret },
  ].map((body) => post('/v1/machine_tokens', instanceKey, body)),
]

const inBrokenBody = ({ instanceKey, apiKey }: Known, secret: string): Misuse[] =>
  [
    secret,
    `"${secret}"`,
    `["${secret}"]`,
    `{"token": "${secret}`,
    `{"token": ${secret}}`,
    `{"token": "${secret}", }`,
    `{"${secret}": 1, "${secret}": 2}`,
    `\uFEFF{"token": "${secret}"}`,
    `{"token": "\\ud800${secret}"}`,
    `{"token": 1e999, "${secret}": 1}`,
    `${'{"a":'.repeat(40)}"${secret}"${'}'.repeat(40)}`,
    `{"token": "${secret}"${' '.repeat(70_000)}}`,
  ].flatMap((body) => [post('/v1/m2m_tokens/verify', apiKey, body), post('/v1/machines', instanceKey, body)])

const inAuthorization = (_known: Known, secret: string): Misuse[] =>
  [
    [secret],
    [`Basic ${secret}`],
    [`Bearer ${secret}x`],
    [`Bearer x${secret}`],
    [`Bearer ${secret} garbage`],
    [`garbage Bearer ${secret}`],
    [`Bearer "${secret}"`],
    [`Bearer  ${secret}`],
    [`Bearer ${secret},Bearer ${secret}`],
    [`Bearer ${secret}`, `Bearer ${secret}`],
    [`Bearer ${secret}`],
  ].flatMap((values): Misuse[] => {
    const headers = values.flatMap((value) => ['authorization', value])
    return [
      ['in Authorization', { method: 'GET', path: '/v1/users/count', headers }],
      ['in Authorization', { method: 'POST', path: '/v1/m2m_tokens', headers }],
      ['in Authorization', { method: 'POST', path: '/v1/m2m_tokens/verify', headers, body: { token: 'x' } }],
      ['in Authorization', { method: 'GET', path: '/nowhere', headers }],
    ]
  })

const inOtherHeaders = ({ instanceKey: key, apiKey }: Known, secret: string): Misuse[] => [
  ...[
    'clerk-api-version',
    'cookie',
    'forwarded',
    'idempotency-key',
    'if-none-match',
    'mintmark-explain',
    'referer',
    'user-agent',
    'x-forwarded-for',
    'x-request-id',
    'traceparent',
    'host',
    secret,
  ].map((name): Misuse => [
    `in ${name}`,
    { method: 'GET', path: '/v1/users/count', key, headers: [name, secret] },
  ]),
  ...['content-type', 'content-encoding', 'accept'].map((name): Misuse => [
    `in ${name}`,
    { method: 'POST', path: '/v1/m2m_tokens/verify', key: apiKey, headers: [name, secret], body: {} },
  ]),
  ['in host', { method: 'GET', path: '/.well-known/jwks.json', headers: ['host', secret] }],
]

/** Not HTTP, or not all of it: answered by what stands before our code. */
const broken = (secret: string): string[] => [
  `${secret}\r\n\r\n`,
  `${secret} / HTTP/1.1\r\nHost: a\r\n\r\n`,
  `GET /${secret} HTTP/9.9\r\nHost: a\r\n\r\n`,
  `GET / HTTP/1.1\r\nHost: a\r\nbad header ${secret}\r\n\r\n`,
  `GET / HTTP/1.1\r\nHost: a\r\nX: ${secret}${'a'.repeat(20_000)}\r\n\r\n`,
  `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${secret}\r\n\r\n`,
  `POST /v1/m2m_tokens HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${secret}\r\n`,
  `POST /v1/m2m_tokens HTTP/1.1\r\nHost: a\r\nContent-Length: 500\r\n\r\n{"token":"${secret}"`,
]

const post = (path: string, key: string, body: unknown): Misuse => [
  'in the body',
  { method: 'POST', path, key, body },
]
