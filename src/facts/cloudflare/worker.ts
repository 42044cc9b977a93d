import { factKind } from '../../module/fact.ts'
import { type Api, type Known, known, path, read, readText } from './api.ts'
import { findAccount } from './zone.ts'

export interface Worker {
  readonly account: string
  /** Undefined when there is no Worker of the name. */
  readonly is?: {
    /** Its modules by name; a script of the older kind is the only one, under ''. */
    readonly modules: Readonly<Record<string, string>>
    readonly compatibilityDate: string | undefined
  }
}

interface Key {
  readonly api: Api
  readonly account?: string | undefined
  readonly zone?: string | undefined
  readonly name: string
}

/** A Worker of the account: what was uploaded, byte for byte. */
export const cloudflareWorker = factKind<Key, Known<Worker>>({
  name: 'cloudflare-worker',
  ask: async ({ api, name, ...of }, http) => {
    const account = await findAccount(http, api, of)
    if (!account.ok) return account
    const where = path`/accounts/${account.value}/workers/scripts/${name}`
    const [content, settings] = await Promise.all([
      readText(http, api, `${where}/content/v2`),
      read<{ compatibility_date?: string } | null>(http, api, `${where}/settings`),
    ])
    if (!content.ok) return content.missing ? known({ account: account.value }) : content
    if (!settings.ok) return settings
    const modules = content.value.parts ?? { '': content.value.text }
    return known({ account: account.value, is: { modules, compatibilityDate: settings.value?.compatibility_date } })
  },
})
