// What the development folder is called, and the files in it that others read.

/// The names that `sallyport serve --dev` writes and that clients for development look for.
public enum DevelopmentFiles {
    /// The folder.
    public static let folder = ".sallyport"
    /// PEM: the certificate authority that signed the server's certificate.
    public static let authority = "ca.pem"
    /// The token file.
    public static let tokens = "tokens.json"
    /// The development token in clear, one line, mode 0600.
    public static let token = "token"
}
