// A certificate that nobody vouches for, of `localhost` and 127.0.0.1, and its key, which protects nothing. Made once, for a hundred years:
// openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 -subj /CN=localhost
//   -addext subjectAltName=DNS:localhost,IP:127.0.0.1

export const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQggq0SMNu7sJ3vVTe0
RV6bVmTxOB/Hgki5cND8PIZdaFGhRANCAAQ23k1hR55RCw+ygu1Wb3OIuaUZvzq3
4TuqUTYJwPCyVMEOnaUMLf8z0OfBNneMwNT86YDc6m3huFc5OUGF5rVv
-----END PRIVATE KEY-----
`

export const certificate = `-----BEGIN CERTIFICATE-----
MIIBmjCCAUGgAwIBAgIUW1aWeKKzPkW2HufktxuhLD8p/GgwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMzA4NDUxNFoYDzIxMjYxMDMw
MDg0NTE0WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAQ23k1hR55RCw+ygu1Wb3OIuaUZvzq34TuqUTYJwPCyVMEOnaUMLf8z
0OfBNneMwNT86YDc6m3huFc5OUGF5rVvo28wbTAdBgNVHQ4EFgQU8YSfNaLzKNrO
WetGrk37IzpeEbgwHwYDVR0jBBgwFoAU8YSfNaLzKNrOWetGrk37IzpeEbgwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDRwAwRAIgV43hMjIpT6dQVAd7IZHbFXuPGbrK7glWhMgzn3FvtSsCIBOQ
25QxvxVEsAOOFDZ1V1hNUr7WT4oWJ23VLMKNP7lm
-----END CERTIFICATE-----
`
