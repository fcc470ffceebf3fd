/** What a supervisor and its workers tell each other. */
import type { MetricObjectWithValues, MetricValue } from 'prom-client'
import type { MasterKeys } from '../key-ring.ts'
import type { Config } from '../settings.ts'

/** All that a worker has counted and measured, each with the way to put several together. */
export type Measurements = readonly MetricObjectWithValues<MetricValue<string>>[]

export interface StartOrder {
  readonly order: 'start'
  readonly config: Config
  readonly masterKeys: MasterKeys
  /** By which all workers are reached on this machine. */
  readonly url: string
}

export type Order =
  | StartOrder
  | { readonly order: 'measure' }
  /** Another worker has taken the place: no more connections, and the end when those it has are over. */
  | { readonly order: 'retire' }
  /** The answer to `left`: no connection is on its way to the worker any more. */
  | { readonly order: 'none follow' }
  /** As a server does that gets SIGTERM. */
  | { readonly order: 'stop' }

export interface ReadyReport {
  readonly report: 'ready'
  readonly hasInstance: boolean
}

export type Report =
  /** It listens to orders. */
  | { readonly report: 'there' }
  | ReadyReport
  | { readonly report: 'measured'; readonly measurements: Measurements }
  /** It takes no connections any more. */
  | { readonly report: 'left' }
  /** Why it could not start, or goes on no longer: one sentence for the operator. */
  | { readonly report: 'failed'; readonly sentence: string; readonly disk: boolean }
