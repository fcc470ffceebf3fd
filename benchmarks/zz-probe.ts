import { generateKeyPairSync, sign } from 'node:crypto'
import { parseJwt } from '../packages/sdk/src/verify/parse-jwt.ts'
import { parseJson, decodeBase64url } from '../packages/sdk/src/verify/strict-json.ts'
import { readClaims } from '../packages/sdk/src/verify/read-claims.ts'
import { importJwk } from '../packages/sdk/src/verify/public-key.ts'
import { createVerifier } from '../packages/sdk/src/verify.ts'
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const now = Math.floor(Date.now()/1000)
const tokens = Array.from({ length: 1000 }, (_, i) => {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')
  const input = encode({ alg: 'RS256', cat: 'cl_B7d4PD111AAA', kid: 'ins_2xKa9Bgv7NxMRDFyQw8LpZ3cTmU', typ: 'JWT' })+'.'+encode({ azp: 'https://example.com', exp: now + 3600, fva: [0, -1], iat: now, iss: 'https://clerk.example.com', jti: `${i}`.padStart(20, '0'), nbf: now - 10, sid: 'sess_2xKa9Bgv7NxMRDFyQw8LpZ3cTmV', sub: 'user_2xKa9Bgv7NxMRDFyQw8LpZ3cTmW', v: 2 })
  return `${input}.${sign('sha256', Buffer.from(input), privateKey).toString('base64url')}`
})
const key = (await importJwk(publicKey.export({ format: 'jwk' })))!
const jwts = tokens.map((t) => parseJwt(t)!)
const payloads = jwts.map((j) => parseJson(j.payload)!)
function time(name: string, f: (i: number) => unknown) {
  for (let r = 0; r < 20; r++) for (let i = 0; i < 1000; i++) f(i)
  const best = Math.min(...Array.from({ length: 7 }, () => { const t = performance.now(); for (let i = 0; i < 1000; i++) f(i); return performance.now() - t }))
  console.log(name, best.toFixed(2), 'us')
}
time('parseJwt', (i) => parseJwt(tokens[i]!))
time('decode sig', (i) => decodeBase64url(tokens[i]!.slice(-342)))
time('parseJson payload', (i) => parseJson(jwts[i]!.payload))
time('readClaims', (i) => readClaims('cl_B7d4PD111AAA', payloads[i]!))
time('verify', (i) => key.verify(jwts[i]!.signingInput, jwts[i]!.signature))
const c = createVerifier({ issuer: 'https://clerk.example.com', jwtKey: publicKey.export({format:'pem',type:'spki'}) as string })
for (const t of tokens) if (!(await c.verify(t)).active) throw 1
const copies = tokens.map((t) => Buffer.from(t).toString('latin1'))
for (let r = 0; r < 7; r++) { const fresh = tokens.map((t) => Buffer.from(t).toString('latin1')); const t = performance.now(); for (let i = 0; i < 1000; i++) await c.verify(fresh[i]!); console.log('hit', (performance.now() - t).toFixed(3), 'us') }
for (let r = 0; r < 5; r++) { const t = performance.now(); for (let i = 0; i < 1000; i++) await c.verify(copies[i]!); console.log('hit same strings', (performance.now() - t).toFixed(3), 'us') }
for (let r = 0; r < 5; r++) { const t = performance.now(); for (let i = 0; i < 1000; i++) c.verify(copies[i]!); console.log('hit no await', (performance.now() - t).toFixed(3), 'us') }
