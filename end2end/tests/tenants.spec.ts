/** The directory and the moves of a tenant’s life: filters, sorts, pages, views, import, suspension. */
import { credentials, discardDraft, expect, suspend, test, unique } from '../fixtures/index.ts'
import type { Page } from '@playwright/test'

const table = (page: Page) => page.getByRole('table', { name: 'Tenants' })
/** The names in the order of the list. */
const names = (page: Page) => table(page).getByRole('rowheader').getByRole('link').allTextContents()
const result = (page: Page) => page.getByRole('main').getByRole('status').filter({ hasText: /match|tenants?,/ })

/** Opens a filter and ticks a value. */
async function tick(page: Page, group: string, value: string): Promise<void> {
  const filter = page.getByRole('search', { name: 'Tenants' }).getByRole('group').filter({ hasText: group }).first()
  await filter.getByText(group, { exact: true }).first().click()
  await filter.getByRole('checkbox', { name: value, exact: true }).check()
}

test('filters stand in the address, and the address brings them back', async ({ as }) => {
  const page = await as('operator')
  await page.goto('/tenants')
  await tick(page, 'Status', 'Active')
  await page.getByRole('button', { name: 'Apply' }).click()
  await expect(page).toHaveURL('/tenants?status=active')
  await tick(page, 'Plan', 'Professional')
  await page.getByRole('button', { name: 'Apply' }).click()
  await expect(page).toHaveURL('/tenants?status=active&plan=professional')
  const shown = await names(page)
  expect(shown.length).toBeGreaterThan(0)
  for (const row of await table(page).getByRole('row').filter({ has: page.getByRole('rowheader') }).all()) {
    await expect(row).toContainText(/Active.*Professional/)
  }

  // Another person with the same address sees the same.
  const other = await as('success')
  await other.goto('/tenants?status=active&plan=professional')
  expect(await names(other)).toEqual(shown)
  await expect(other.getByRole('list', { name: 'Active filters' }).getByRole('listitem')).toHaveCount(2)

  await page.getByRole('link', { name: /^Status: Active/ }).click()
  await expect(page).toHaveURL('/tenants?plan=professional')
  await page.goBack()
  await expect(page).toHaveURL('/tenants?status=active&plan=professional')
  await page.getByRole('link', { name: 'Clear all' }).click()
  await expect(page).toHaveURL('/tenants')
})

test('what an address says wrongly is told and left out', async ({ as }) => {
  const page = await as('operator')
  await page.goto('/tenants?status=asleep&plan=free')
  await expect(page.getByText('Not understood and left out: Status.')).toBeVisible()
  await expect(page.getByRole('list', { name: 'Active filters' }).getByRole('listitem')).toHaveCount(1)
})

test('sorts by its columns, both ways', async ({ as }) => {
  const page = await as('operator')
  await page.goto('/tenants?status=active')
  const up = await names(page)
  await expect(page.getByRole('columnheader', { name: 'Tenant' })).toHaveAttribute('aria-sort', 'ascending')
  await page.getByRole('columnheader', { name: 'Tenant' }).getByRole('link').click()
  await expect(page).toHaveURL('/tenants?status=active&sort=-name')
  await expect(page.getByRole('columnheader', { name: 'Tenant' })).toHaveAttribute('aria-sort', 'descending')
  const down = await names(page)
  expect(down[0]).not.toBe(up[0])
  const compare = (a: string, b: string) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1)
  expect(up).toEqual([...up].sort(compare))
  expect(down).toEqual([...down].sort(compare).reverse())

  await page.getByRole('columnheader', { name: 'Health' }).getByRole('link').click()
  const scores = (await table(page).getByRole('row').allTextContents())
    .map((row) => /(\d+)(?:Healthy|Watch|At risk|Critical)/.exec(row)?.[1])
    .filter((score) => score !== undefined)
    .map(Number)
  expect(scores.length).toBeGreaterThan(10)
  expect(scores).toEqual([...scores].sort((a, b) => a - b))
})

test('pages forwards and back without losing or repeating a row', async ({ as }) => {
  const page = await as('operator')
  // Other tests make tenants meanwhile; none of those is offboarded.
  await page.goto('/tenants?status=active&rows=25')
  const first = await names(page)
  expect(first).toHaveLength(25)
  const pages = page.getByRole('navigation', { name: 'Pagination' })
  await pages.getByRole('link', { name: 'Next' }).click()
  await expect(page).toHaveURL(/rows=25/)
  const second = await names(page)
  expect(second.filter((name) => first.includes(name))).toEqual([])
  await pages.getByRole('link', { name: 'Previous' }).click()
  expect(await names(page)).toEqual(first)
  await page.goto('/tenants?status=active&rows=50')
  expect(await names(page)).toEqual([...first, ...second])
})

test('a view’s count is the length of its list', async ({ as }) => {
  const page = await as('operator')
  await page.goto('/tenants')
  const views = page.getByRole('navigation', { name: 'Views' }).getByRole('link')
  await expect(views).toHaveCount(6)
  for (let at = 0; at < 6; at += 1) {
    await views.nth(at).click()
    await expect(views.nth(at)).toHaveAttribute('aria-current', 'page')
    const count = /([\d\s\u00a0\u202f]+)$/.exec((await views.nth(at).textContent()) ?? '')?.[1]?.replace(/\D/g, '')
    await expect(result(page)).toContainText(new RegExp(`^${count} (match|tenants?)`))
  }
})

test('nothing found says what would help', async ({ as }) => {
  const page = await as('operator')
  await page.goto('/tenants?q=qqqqqqqq&plan=free')
  await expect(page.getByText('No tenants match')).toBeVisible()
  await page.getByRole('link', { name: /match without Search: qqqqqqqq$/ }).click()
  await expect(page).toHaveURL('/tenants?plan=free')
  expect((await names(page)).length).toBeGreaterThan(0)
})

test('exports what the list shows as CSV', async ({ as }) => {
  const page = await as('operator')
  await page.goto('/tenants?status=offboarded')
  const count = Number.parseInt((await result(page).textContent()) ?? '', 10)
  const download = page.waitForEvent('download')
  await page.getByRole('link', { name: 'Export CSV' }).click()
  const file = await download
  expect(file.suggestedFilename()).toMatch(/\.csv$/)
  const chunks: Buffer[] = []
  for await (const chunk of await file.createReadStream()) chunks.push(chunk as Buffer)
  const lines = Buffer.concat(chunks).toString('utf8').trim().split(/\r?\n/)
  expect(lines[0]).toContain('name')
  expect(lines).toHaveLength(count + 1)
})

test('a form that comes too late is told what happened', async ({ as, tenant }) => {
  const [first, second] = [await as('operator'), await as('operator')]
  await second.goto(`/tenants/${tenant.slug}/suspend`)
  await second.getByRole('radio', { name: 'Inactivity' }).check()
  await second.getByRole('radio', { name: 'Blocked' }).check()
  await second.getByLabel('Reason').fill('Too late.')

  await suspend(first, tenant.slug, { why: 'Payment failure', scope: 'Read-only', reason: 'First.' })
  await expect(first.getByRole('status').filter({ hasText: 'is suspended' })).toBeVisible()

  await second.getByRole('button', { name: 'Suspend tenant' }).click()
  await expect(second.getByRole('alert').filter({ hasText: 'That cannot be done now' })).toBeVisible()
  await second.goto(`/tenants/${tenant.slug}`)
  await expect(second.getByText('Suspended, read-only')).toBeVisible()
})

test('a plan changes after a look at what that means', async ({ as, tenant }) => {
  const page = await as('operator')
  await page.goto(`/tenants/${tenant.slug}`)
  await page.getByRole('link', { name: 'Change plan…' }).click()
  await page.getByRole('radio', { name: /^Enterprise/ }).check()
  await page.getByRole('button', { name: 'Show what changes' }).click()
  await expect(page.getByRole('row', { name: /^API calls per 15 minutes/ })).toContainText('500')
  await page.getByRole('button', { name: /^Change (the )?plan|^Change to/ }).click()
  await expect(page.getByRole('region', { name: 'Key facts' }).getByRole('definition').filter({ hasText: 'Enterprise' })).toBeVisible()
})

test('the wizard names a domain that another tenant has, and keeps what was typed', async ({ as, tenant }) => {
  const page = await as('operator')
  await page.goto('/tenants/new')
  await page.getByRole('button', { name: 'Continue' }).click()
  await expect(page).toHaveURL(/\/identity$/)
  await page.getByLabel('Name', { exact: true }).fill('Somebody')
  await page.getByLabel('Domain (optional)').fill(`${tenant.slug}.example`)
  await page.getByRole('button', { name: 'Continue' }).click()
  await expect(page.getByLabel('Domain (optional)')).toHaveAttribute('aria-invalid', 'true')
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue('Somebody')
  await discardDraft(page)
  expect((await page.goto('/tenants/new/quick'))?.status(), 'there is no other way to make one').toBe(404)
})

test('the preview of an import says who will look after each tenant', async ({ as }) => {
  const page = await as('operator')
  const word = unique()
  const owner = credentials('operator').email
  const csv = `name,owner\nOwned ${word},${owner}\nAlone ${word},\nNobodys ${word},nobody-${word}@example.com\n`
  await page.goto('/tenants/import')
  await page.getByLabel('File').setInputFiles({ name: `owners-${word}.csv`, mimeType: 'text/csv', buffer: Buffer.from(csv) })
  await page.getByRole('button', { name: 'Show preview' }).click()
  const rows = page.getByRole('table', { name: 'Rows of the file' })
  await expect(rows.getByRole('columnheader', { name: 'Owner' })).toBeVisible()
  const owners = (name: string) => rows.getByRole('row', { name: new RegExp(`${name} ${word}`) }).locator('[data-label="Owner"]')
  await expect(owners('Owned')).not.toHaveText('—')
  await expect(owners('Alone')).toHaveText('—')
  await expect(rows.getByRole('row', { name: new RegExp(`Nobodys ${word}`) })).toContainText('is nobody who acts for the platform')
})

test('an address that nobody has is a page that says so', async ({ as }) => {
  const page = await as('operator')
  for (const path of ['/tenants/nobody-has-this', '/tenants/nobody-has-this/tasks', '/nowhere']) {
    expect((await page.goto(path))?.status(), path).toBe(404)
    await expect(page.getByRole('heading', { level: 1, name: 'Not found' })).toBeVisible()
  }
})

test('a page of 50 tenants is at most 1,500 elements, and says in words what it draws', async ({ as }) => {
  const page = await as('operator')
  await page.goto('/tenants')
  await expect(table(page).getByRole('rowheader')).toHaveCount(50)
  expect(await page.locator('*').count()).toBeLessThanOrEqual(1_500)
  const text = await table(page).textContent()
  expect(text).toMatch(/\d+(Healthy|Watch|At risk|Critical)/)
  await expect(table(page).getByRole('img', { name: /^Stage \d of 6: / }).first()).toBeVisible()
})
