import type { BrowserId, InstanceId } from '../../core/ids.ts'
import type { Browser } from './browser.ts'

export interface BrowserReader {
  /** `null` if the instance has no such browser. */
  find(instanceId: InstanceId, id: BrowserId): Promise<Browser | null>
}

export interface BrowserStore extends BrowserReader {
  insert(browser: Browser): Promise<void>
  /**
   * Its cookie is good for nothing any more. Of several transactions that ask at once, one goes on.
   *
   * @returns false if there is none
   */
  delete(instanceId: InstanceId, id: BrowserId): Promise<boolean>
}
