/**
 * The global set-up of an end-to-end suite, as a program of its own, because `clerkSetup` writes into
 * the environment of its process. Takes `playwright` or `cypress`; prints what the suite would find.
 */
async function playwright(): Promise<object> {
  const { clerkSetup } = await import('@clerk/testing/playwright')
  await clerkSetup({ dotenv: false })
  return process.env
}

async function cypress(): Promise<object> {
  const { clerkSetup } = await import('@clerk/testing/cypress')
  // Of Cypress's configuration it needs no more than this.
  const config = { env: {} } as Parameters<typeof clerkSetup>[0]['config']
  return (await clerkSetup({ config, options: { dotenv: false } })).env
}

const found = await(process.argv[2] === 'cypress' ? cypress() : playwright())
const { CLERK_FAPI, CLERK_TESTING_TOKEN } = found as Record<string, string>
process.stdout.write(JSON.stringify({ CLERK_FAPI, CLERK_TESTING_TOKEN }))
