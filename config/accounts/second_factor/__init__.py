"""The second factor of a sign-in: a code from an app on the phone, or one of ten recovery codes.

Door: `devices` (what an account has, and every change of it), `sign_in` (the step after the password), `pages` (the
page on which people set it up), `required` (leads there if the installation requires a second factor).
"""
