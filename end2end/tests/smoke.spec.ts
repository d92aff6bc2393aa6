/** The first minute of a server: it lives, asks for a sign-in, and shows a page that axe likes. */
import { expect, expectAccessible, test } from '../fixtures/index.ts'

test('the process says that it lives', async ({ request }) => {
  const response = await request.get('/livez')
  expect(response.status()).toBe(200)
})

test('whoever is not signed in finds the sign-in page', async ({ page }) => {
  await page.goto('/sign-in')
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  await expect(page.getByLabel('E-mail')).toBeVisible()
  await expectAccessible(page)
})
