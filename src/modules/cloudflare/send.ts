import { apiOf, request } from '../../facts/cloudflare/api.ts'
import type { Step } from '../../module/define.ts'
import type { HttpRequest } from '../../module/http.ts'
import type { Secret } from '../../secrets/secret.ts'

type Body = Pick<Extract<Step, { do: 'request' }>, 'json' | 'parts' | 'saves'>

/** A step that asks the API to change something. */
export const send = (
  want: { readonly api_url: string; readonly api_token: Secret },
  method: HttpRequest['method'],
  where: string,
  { saves, ...body }: Body = {},
): Step => ({ do: 'request', ...request(apiOf(want), method, where, body), ...(saves && { saves }) })
