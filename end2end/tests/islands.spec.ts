/** What lives in the browser: the command palette, copying, filters that send themselves, menus. */
import type { Page } from '@playwright/test'
import { expect, expectAccessible, test } from '../fixtures/index.ts'

/** Opens a page and waits until its islands live. */
async function open(page: Page, path: string): Promise<void> {
  await page.goto(path)
  await expect(page.locator('html')).toHaveAttribute('data-hydrated')
}

test('Ctrl K finds a tenant and goes there', async ({ as, tenant }) => {
  const page = await as('operator')
  await open(page, '/overview')
  await page.keyboard.press('Control+k')
  const dialog = page.getByRole('dialog', { name: 'Jump to' })
  const field = dialog.getByRole('combobox', { name: 'Where to' })
  await expect(field).toBeFocused()
  // Pages first, before anything is typed.
  await expect(dialog.getByRole('option', { name: 'Audit log' })).toBeVisible()
  await field.fill(tenant.name)
  await expect(dialog.getByRole('option')).toHaveCount(1)
  await expect(dialog.getByRole('status')).toHaveText('1 result')
  await expect(dialog.getByRole('option', { name: tenant.name })).toHaveAttribute('aria-selected', 'true')
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(`/tenants/${tenant.slug}`)
})

test('the palette moves by arrows, closes by Escape, and gives the focus back', async ({ as }) => {
  const page = await as('operator')
  await open(page, '/tenants')
  const opener = page.getByRole('link', { name: 'Jump to' })
  await opener.focus()
  await page.keyboard.press('Enter')
  const options = page.getByRole('dialog').getByRole('option')
  await expect(options.nth(0)).toHaveAttribute('aria-selected', 'true')
  await page.keyboard.press('ArrowDown')
  await expect(options.nth(1)).toHaveAttribute('aria-selected', 'true')
  await page.keyboard.press('ArrowUp')
  await page.keyboard.press('ArrowUp')
  await expect(options.last()).toHaveAttribute('aria-selected', 'true')
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog')).toHaveCount(0)
  await expect(opener).toBeFocused()
})

test('a copy button copies, and says so', async ({ as, tenant }) => {
  const page = await as('operator')
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  await open(page, `/tenants/${tenant.slug}`)
  const copy = page.getByRole('button', { name: 'Copy slug' })
  await copy.click()
  await expect(copy.getByRole('status')).toHaveText('Copied')
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(tenant.slug)
})

test('a filter that is ticked applies by itself', async ({ as }) => {
  const page = await as('operator')
  await open(page, '/tenants')
  await page.getByRole('search').getByText('Plan', { exact: true }).first().click()
  await page.getByRole('checkbox', { name: 'Enterprise' }).check()
  await expect(page).toHaveURL('/tenants?plan=enterprise')
})

test('a search sends itself, keeps the cursor and what is typed, and leaves no trace in the history', async ({ as, tenant }) => {
  const page = await as('operator')
  await page.goto('/overview')
  await open(page, '/tenants?plan=starter&plan=free&plan=professional&plan=enterprise')
  const before = await page.evaluate(() => history.length)
  const field = page.getByRole('searchbox', { name: 'Search tenants' })
  await field.pressSequentially(tenant.slug.slice(0, -1))
  // What was filtered by stays.
  await expect(page).toHaveURL(`/tenants?q=${tenant.slug.slice(0, -1)}&plan=starter&plan=free&plan=professional&plan=enterprise`)
  await expect(page.locator('html')).toHaveAttribute('data-hydrated')
  await expect(field).toBeFocused()
  await page.keyboard.type(tenant.slug.slice(-1))
  await expect(field).toHaveValue(tenant.slug)
  await expect(page).toHaveURL(new RegExp(`[?]q=${tenant.slug}&`))
  await expect(page.getByRole('table', { name: 'Tenants' }).getByRole('rowheader')).toHaveCount(1)
  expect(await page.evaluate(() => history.length)).toBe(before)
  await page.goBack()
  await expect(page).toHaveURL('/overview')
})

test('one letter is not searched for, and Enter sends at once', async ({ as }) => {
  const page = await as('operator')
  await page.clock.install()
  await open(page, '/tenants')
  const field = page.getByRole('searchbox', { name: 'Search tenants' })
  await field.pressSequentially('a')
  // Far longer than the pause after which two letters are sent.
  await page.clock.runFor(5_000)
  await expect(page).toHaveURL('/tenants')
  await field.press('Enter')
  await expect(page).toHaveURL('/tenants?q=a')
})

test('menus close by Escape and by a click elsewhere', async ({ as }) => {
  const page = await as('operator')
  await open(page, '/tenants')
  const account = page.getByLabel(/^Account: /)
  await account.click()
  await expect(page.getByRole('button', { name: 'Sign out' })).toBeVisible()
  await page.getByRole('link', { name: 'Preferences' }).focus()
  await page.keyboard.press('Escape')
  await expect(page.getByRole('button', { name: 'Sign out' })).toBeHidden()
  await expect(account).toBeFocused()
  await account.click()
  await page.getByRole('heading', { level: 1 }).click()
  await expect(page.getByRole('button', { name: 'Sign out' })).toBeHidden()
})

test('axe finds nothing in the open palette', async ({ as }) => {
  const page = await as('operator')
  await open(page, '/tenants')
  await page.keyboard.press('Control+k')
  await expect(page.getByRole('dialog').getByRole('option').first()).toBeVisible()
  await expectAccessible(page)
})
