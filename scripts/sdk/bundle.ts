/** Bundles what uses the built SDK, as its users' bundlers do: nothing of this workspace's sources. */
import { join } from 'node:path'
import { build } from 'tsdown'
import { ROOT } from '../tree.ts'

export interface BundleOptions {
  /** Names of files to make, with the absolute path of what each begins with. */
  readonly entry: Readonly<Record<string, string>>
  readonly folder: string
  readonly minify?: boolean
  /** Leaves `@mintmark/sdk` to be found where the bundle runs. */
  readonly external?: boolean
}

/** Writes `<name>.js` for each entry. */
export async function bundle({ entry, folder, minify = false, external = false }: BundleOptions) {
  const sdk = /^@mintmark\/sdk(?:\/|$)/
  await build({
    config: false,
    cwd: ROOT,
    entry: { ...entry },
    outDir: folder,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    minify,
    dts: false,
    clean: false,
    fixedExtension: false,
    report: false,
    logLevel: 'silent',
    tsconfig: false,
    deps: external ? { neverBundle: [sdk] } : { alwaysBundle: [sdk] },
    inputOptions: { resolve: { conditionNames: ['import', 'default'] } },
  })
  return Object.keys(entry).map((name) => join(folder, `${name}.js`))
}
