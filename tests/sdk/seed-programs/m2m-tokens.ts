import { createClient } from '@clerk/backend-sdk'

const clerkClient = createClient()

async function opaque() {
  const m2mToken = await clerkClient.m2m.createToken()
  console.log(m2mToken)
}

async function jwt() {
  const m2mToken = await clerkClient.m2m.createToken({
    tokenFormat: 'jwt',
  })
  console.log(m2mToken)
}

async function withKey() {
  const m2mToken = await clerkClient.m2m.createToken({
    machineSecretKey: process.env['OTHER_MACHINE_SECRET_KEY'] ?? '',
  })
  console.log(m2mToken)
}

await opaque()
await jwt()
await withKey()
