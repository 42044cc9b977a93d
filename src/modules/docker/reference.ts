import { familiar, isId } from '../../facts/docker-image.ts'
import { text } from '../../module/params.ts'

// distribution's grammar of references (github.com/distribution/reference): [host[:port]/]path[:tag][@digest]
const HOST = String.raw`(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:]+\])(?::\d+)?`
const PART = String.raw`[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*`
const REFERENCE = new RegExp(String.raw`^(?:${HOST}/)?${PART}(?:/${PART})*(?::\w[\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$`)

const isReference = (value: string): boolean => isId(value) || REFERENCE.test(value)

/** The name of an image, with a tag or digest or without, or an image's whole id. */
export const reference = () =>
  text().refine(isReference, {
    error: ({ input }) =>
      /[A-Z]/.test(String(input).split(/[:@]/)[0] ?? '') && isReference(String(input).toLowerCase())
        ? 'the repository of an image is written in lower case'
        : 'expected the name of an image such as "debian", "debian:12", "ghcr.io/x/y@sha256:…" or an id "sha256:…"',
  })

/** The tag of an image. */
export const tag = () => text().refine((value) => /^\w[\w.-]{0,127}$/.test(value), { error: 'expected a tag such as "latest" or "1.2"' })

const lastPart = (name: string): string => name.slice(name.lastIndexOf('/') + 1)

/** The reference with this tag, unless it says itself which image is meant; beside a digest a tag says nothing and is left out. */
export function withTag(name: string, tag: string): string {
  if (isId(name)) return name
  if (name.includes('@')) return familiar(name)
  return lastPart(name).includes(':') ? name : `${name}:${tag}`
}

/** The first characters of an image's id, as people compare them. */
export const shortId = (id: string): string => (isId(id) ? id.slice(0, 'sha256:'.length + 12) : id)
