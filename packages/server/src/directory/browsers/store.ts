import type { BrowserId, InstanceId } from '../../core/ids.ts'
import type { Browser } from './browser.ts'

export interface BrowserReader {
  /** `null` if the instance has no such browser. */
  find(instanceId: InstanceId, id: BrowserId): Promise<Browser | null>
}

export interface BrowserStore extends BrowserReader {
  insert(browser: Browser): Promise<void>
  /**
   * No other transaction changes what lives in this browser until this one has ended.
   *
   * @returns false if there is none
   */
  hold(instanceId: InstanceId, id: BrowserId): Promise<boolean>
}
