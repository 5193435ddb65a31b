// The API documentation. The renderer builds its page from strings, so it needs a policy of its own; the document it shows
// comes from this server only.
globalThis.trustedTypes?.createPolicy('default', { createHTML: (text) => text });
SwaggerUIBundle({ url: '../openapi.json', dom_id: '#api', deepLinking: true, validatorUrl: null, tryItOutEnabled: false });
